"""Every call of the API without input or output: what to send, and how to read the answer. Used by both transports.

call = witnesses(limit=20)
request = call.request                     # method, target, headers, body
page = call.read(status, body)             # typed, or raises ApiProblem / BadAnswer
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode

from skerry_client.decode import from_json
from skerry_client.errors import ApiProblem, BadAnswer
from skerry_client.models import (
    AuditLine,
    Backlog,
    Balance,
    Beacon,
    BeaconOffer,
    Capabilities,
    Device,
    Envelope,
    Explanation,
    Job,
    Packet,
    Page,
    Paired,
    Readiness,
    Reloaded,
    Reward,
    Status,
    UnsignedTransaction,
    Verdict,
    Witness,
)
from skerry_core import strict_json

__all__ = [
    "EVENTS_PATH",
    "Call",
    "audit",
    "balances",
    "beacons",
    "cancel_job",
    "capabilities",
    "change_device",
    "devices",
    "explain_reward",
    "explain_witness",
    "headers",
    "job",
    "jobs",
    "make_transaction",
    "outbox",
    "packets",
    "pair",
    "readiness",
    "reload_config",
    "rewards",
    "send_beacon",
    "start_job",
    "status",
    "witnesses",
]

EVENTS_PATH = "/api/v1/events"
MAX_ANSWER_BYTES = 16 << 20  # 500 frames with long payloads stay far below
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[T]):
    """One request and the reader of its answer; `target` is path and query."""

    method: str = "GET"
    target: str
    body: bytes | None = None
    accepted: tuple[int, ...] = (200,)
    parse: Callable[[Any], T]

    def read(self, status: int, body: bytes) -> T:
        """Return the typed answer. Raises `ApiProblem`, `BadAnswer`."""
        try:
            value = strict_json.loads(body, limit_bytes=MAX_ANSWER_BYTES)
        except strict_json.JsonRejected as error:
            raise BadAnswer(f"status {status}, and the body is not JSON ({error.reason})") from None
        if status not in self.accepted:
            raise _problem(status, value)
        return self.parse(value)


def headers(token: str | None, *, body: bool = False) -> dict[str, str]:
    """Return the headers of a request."""
    result = {"Accept": "application/json"}
    if token:
        result["Authorization"] = f"Bearer {token}"
    if body:
        result["Content-Type"] = "application/json"
    return result


def pair(code: str) -> Call[Paired]:
    """Turn a one-time code into a token; needs none."""
    return Call(
        method="POST",
        target="/api/v1/pair",
        body=json.dumps({"code": code}).encode(),
        parse=lambda value: from_json(Paired, value),
    )


def status() -> Call[Status]:
    """Everything on one screen."""
    return Call(target="/api/v1/status", parse=lambda value: from_json(Status, value))


def readiness() -> Call[Readiness]:
    """Whether the agent can do its work; needs no token."""
    return Call(target="/readyz", accepted=(200, 503), parse=lambda value: from_json(Readiness, value))


def capabilities() -> Call[Capabilities]:
    """What the agent and the token can do."""
    return Call(target="/api/v1/capabilities", parse=lambda value: from_json(Capabilities, value))


def devices() -> Call[Page[Device]]:
    """Every device ever seen."""
    return _list("devices", Device)


def change_device(device_id: str, *, name: str | None = None, region: str | None = None) -> Call[Device]:
    """Name a device or confirm its region; needs the scope control."""
    changes = {key: value for key, value in (("name", name), ("region", region)) if value is not None}
    return Call(
        method="PATCH",
        target=f"/api/v1/devices/{quote(device_id, safe='')}",
        body=json.dumps(changes).encode(),
        parse=lambda value: from_json(Device, _member(value, "device"), place="answer.device"),
    )


def packets(*, limit: int = 50, cursor: str | None = None, device: str | None = None) -> Call[Page[Packet]]:
    """Received frames, newest first."""
    return _list("packets", Packet, limit=limit, cursor=cursor, device=device)


def beacons(*, limit: int = 50, cursor: str | None = None, verdict: Verdict | None = None) -> Call[Page[Beacon]]:
    """Our own beacons, newest first."""
    return _list("beacons", Beacon, limit=limit, cursor=cursor, verdict=verdict)


def send_beacon(*, commit: bool) -> Call[BeaconOffer]:
    """What a beacon now would be, or with `commit` the beacon itself; needs the scope control."""
    return Call(
        method="POST",
        target="/api/v1/beacons",
        body=json.dumps({"commit": commit}).encode(),
        parse=lambda value: from_json(BeaconOffer, value),
    )


def make_transaction(wish: Mapping[str, str | int | None]) -> Call[UnsignedTransaction]:
    """An unsigned transaction and what it would do; `wish` has `kind`, `wallet` and what the kind needs.

    Needs the scope wallet.
    """
    return Call(
        method="POST",
        target="/api/v1/wallet/transactions",
        body=json.dumps(dict(wish)).encode(),
        parse=lambda value: from_json(UnsignedTransaction, value),
    )


def witnesses(*, limit: int = 50, cursor: str | None = None, verdict: Verdict | None = None) -> Call[Page[Witness]]:
    """Beacons of others that we heard, newest first."""
    return _list("witnesses", Witness, limit=limit, cursor=cursor, verdict=verdict)


def explain_witness(witness_id: str) -> Call[Explanation]:
    """Why a witness report has its verdict."""
    return _explain("witnesses", witness_id)


def rewards(*, limit: int = 50, cursor: str | None = None, hotspot: str | None = None) -> Call[Page[Reward]]:
    """Reward shares, newest first."""
    return _list("rewards", Reward, limit=limit, cursor=cursor, hotspot=hotspot)


def explain_reward(reward_id: str) -> Call[Explanation]:
    """Which reports earned a share."""
    return _explain("rewards", reward_id)


def balances() -> Call[Page[Balance]]:
    """What the owners hold."""
    return _list("balances", Balance)


def outbox() -> Call[Page[Backlog]]:
    """What is waiting to be sent."""
    return _list("outbox", Backlog)


def reload_config() -> Call[Reloaded]:
    """Have the settings read again; needs the scope control."""
    return Call(method="POST", target="/api/v1/config/reload", parse=lambda value: from_json(Reloaded, value))


def start_job(kind: str, **wishes: str | int | bool) -> Call[Job]:
    """Start a long action of a kind (backup, device_scan, speed_test, support_file); needs the scope control."""
    body = json.dumps({"kind": kind, **wishes}).encode()
    return Call(method="POST", target="/api/v1/jobs", body=body, accepted=(202,), parse=_job)


def jobs() -> Call[Page[Job]]:
    """The jobs since the agent's start, newest first."""
    return _list("jobs", Job)


def job(job_id: str) -> Call[Job]:
    """One job: how far it is, what came of it."""
    return Call(target=f"/api/v1/jobs/{quote(job_id, safe='')}", parse=_job)


def cancel_job(job_id: str) -> Call[Job]:
    """Stop a job; needs the scope control."""
    return Call(method="DELETE", target=f"/api/v1/jobs/{quote(job_id, safe='')}", parse=_job)


def audit(*, limit: int = 50, cursor: str | None = None) -> Call[Page[AuditLine]]:
    """Who changed what, newest first; needs the scope control."""
    return _list("audit", AuditLine, limit=limit, cursor=cursor)


def _job(value: Any) -> Job:
    return from_json(Job, _member(value, "job"), place="answer.job")


def _explain(resource: str, item_id: str) -> Call[Explanation]:
    return Call(
        target=f"/api/v1/{resource}/{quote(item_id, safe='')}/explain",
        parse=lambda value: from_json(Explanation, value),
    )


def _list(resource: str, kind: type[T], **query: str | int | None) -> Call[Page[T]]:
    given = {name: str(value) for name, value in query.items() if value is not None}
    target = f"/api/v1/{resource}" + (f"?{urlencode(given)}" if given else "")

    def parse(value: Any) -> Page[T]:
        envelope = from_json(Envelope, value)
        items = from_json(tuple[kind, ...], _member(value, "items"), place="answer.items")  # type: ignore[valid-type]  # a runtime value as type
        return Page(
            as_of=envelope.as_of,
            test_tokens=envelope.test_tokens,
            last_event_id=envelope.last_event_id,
            items=items,
            next_cursor=value.get("next_cursor"),
        )

    return Call(target=target, parse=parse)


def _member(value: Any, name: str) -> Any:
    if not isinstance(value, Mapping) or name not in value:
        raise BadAnswer(f"answer.{name} is missing")
    return value[name]


def _problem(status: int, value: Any) -> ApiProblem | BadAnswer:
    texts = ("code", "detail", "remedy")
    if not isinstance(value, Mapping) or not all(isinstance(value.get(name), str) for name in texts):
        return BadAnswer(f"status {status} without a problem object")
    params = value.get("params")
    return ApiProblem(
        status=status,
        code=value["code"],
        detail=value["detail"],
        remedy=value["remedy"],
        params={str(name): str(member) for name, member in params.items()} if isinstance(params, Mapping) else {},
    )
