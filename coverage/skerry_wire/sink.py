"""How an agent reaches the operator of a network: in the same process or over gRPC, the agent cannot tell."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from skerry_core.errors import SkerryError

__all__ = ["Entropy", "Receipt", "RegionAnswer", "ReportSink", "SinkRefused", "SinkUnavailable"]


class SinkUnavailable(SkerryError):
    """The operator cannot be reached now; the report stays in the outbox."""


class SinkRefused(SkerryError):
    """The operator took note of the report and refuses it for good; `reason` is the protocol's own term."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The operator's acknowledgement: the report is stored durably there."""

    received_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entropy:
    """One remote entropy value (iot-poc 1.1)."""

    data: bytes
    timestamp_s: int
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionAnswer:
    """The operator's region for a hotspot; `params` is an encoded `blockchain_region_params_v1`."""

    region: str
    params: bytes
    gain_ddbi: int
    timestamp_s: int


class ReportSink(ABC):
    """Where signed reports go, and where a beacon's inputs come from. Reports are encoded signed Helium messages."""

    @abstractmethod
    async def submit_beacon(self, report: bytes) -> Receipt:
        """Deliver a signed `lora_beacon_report_req_v1`. Raises `SinkUnavailable`, `SinkRefused`."""

    @abstractmethod
    async def submit_witness(self, report: bytes) -> Receipt:
        """Deliver a signed `lora_witness_report_req_v1`. Raises `SinkUnavailable`, `SinkRefused`."""

    @abstractmethod
    async def entropy(self) -> Entropy:
        """Fetch fresh remote entropy. Raises `SinkUnavailable`."""

    @abstractmethod
    async def region(self, gateway: bytes) -> RegionAnswer:
        """Fetch region, parameters and gain asserted for a gateway key. Raises `SinkUnavailable`, `SinkRefused`."""
