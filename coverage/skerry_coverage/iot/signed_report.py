"""A report as it was received: its exact bytes and what its signature covers, encoded once for every later step."""

from dataclasses import dataclass

from skerry_keys.verify import verify
from skerry_wire.generated.poc_lora_pb2 import lora_beacon_report_req_v1, lora_witness_report_req_v1
from skerry_wire.signing import take_signature

__all__ = ["Report", "SignedReport"]

Report = lora_beacon_report_req_v1 | lora_witness_report_req_v1


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedReport:
    """One report. `report` is the message without its signature; `body` is the message as signed and sent."""

    report: Report
    body: bytes
    signed: bytes
    signature: bytes

    @classmethod
    def take(cls, report: Report, body: bytes | None = None) -> "SignedReport":
        """Take over a parsed message (its signature is taken out of it) whose bytes are `body`, if they are at hand."""
        body = report.SerializeToString() if body is None else body
        signed, signature = take_signature(report)
        return cls(report=report, body=body, signed=signed, signature=signature)

    def is_signed_by(self, public_key: bytes) -> bool:
        """Say whether the signature is this key's; `public_key` is the tagged binary."""
        return verify(public_key, self.signed, self.signature)
