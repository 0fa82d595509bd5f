"""Whom the operator lets in: by hand, by list, or for a fee in data credits.

A policy decides on records whose signatures were checked before. Stake is not built (issue C leaves it optional).
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum

from skerry_core.errors import RefusedError
from skerry_coverage.records import Location, Registration

__all__ = ["AdmissionPolicy", "AllowListPolicy", "Answer", "Decision", "Fee", "FeePolicy", "ManualPolicy"]


class Answer(Enum):
    """What a policy says."""

    ADMIT = "admit"
    WAIT = "wait"  # for a person
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Decision:
    """A policy's answer and why."""

    answer: Answer
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """What is to be burned before a record counts; `fee_id` is equal for repeated submissions of one record."""

    fee_id: str
    purpose: str  # onboarding or location
    gateway: bytes
    owner: bytes
    dc: int


class AdmissionPolicy(ABC):
    """Decides on registrations and location assertions."""

    name: str

    @abstractmethod
    async def on_registration(self, registration: Registration) -> Decision:
        """Decide on a new hotspot."""

    async def on_location(self, location: Location) -> Decision:
        """Decide on a location assertion; free of charge unless a policy says otherwise."""
        del location
        return Decision(Answer.ADMIT)


class ManualPolicy(AdmissionPolicy):
    """A person decides on each hotspot."""

    name = "manual"

    async def on_registration(self, registration: Registration) -> Decision:
        del registration
        return Decision(Answer.WAIT)


class AllowListPolicy(AdmissionPolicy):
    """Gateways named beforehand are admitted, others are refused."""

    name = "allow-list"

    def __init__(self, is_allowed: Callable[[bytes], bool]) -> None:
        self._is_allowed = is_allowed

    async def on_registration(self, registration: Registration) -> Decision:
        if self._is_allowed(registration.gateway):
            return Decision(Answer.ADMIT)
        return Decision(Answer.REFUSE, "not_on_allow_list")


class FeePolicy(AdmissionPolicy):
    """Data credits are burned for onboarding and for each location assertion.

    `charge` burns a fee and returns once it is final; it must be idempotent by `fee_id`, and raises `RefusedError` when
    the owner cannot or will not pay.
    """

    name = "dc-fee"

    def __init__(
        self, charge: Callable[[Fee], Awaitable[None]], *, onboarding_dc: int = 4_000_000, location_dc: int = 1_000_000
    ) -> None:
        self._charge = charge
        self._onboarding_dc = onboarding_dc  # 40 and 10 US dollars, what Helium's full hotspots paid
        self._location_dc = location_dc

    async def on_registration(self, registration: Registration) -> Decision:
        return await self._paid(
            Fee(
                fee_id=f"onboarding/{registration.gateway.hex()}",
                purpose="onboarding",
                gateway=registration.gateway,
                owner=registration.owner,
                dc=self._onboarding_dc,
            )
        )

    async def on_location(self, location: Location) -> Decision:
        return await self._paid(
            Fee(
                fee_id=f"location/{location.gateway.hex()}/{location.number}",
                purpose="location",
                gateway=location.gateway,
                owner=location.owner,
                dc=self._location_dc,
            )
        )

    async def _paid(self, fee: Fee) -> Decision:
        try:
            await self._charge(fee)
        except RefusedError as error:
            return Decision(Answer.REFUSE, f"fee_not_paid: {error.detail}")
        return Decision(Answer.ADMIT)
