"""Conformance kinds that run a story: reciprocity over several beacons, one ingest stream, packet charging."""

from dataclasses import asdict
from typing import Any

from skerry_core.conformance import Kind
from skerry_coverage.conformance.shapes import Case, beacon_report, denylist, entropy, gateway, key, witness_report
from skerry_coverage.iot.judge import PocInput, PocVerdict, ReceivedBeacon, ReceivedWitness, judge_poc
from skerry_coverage.iot.packet_charge import Burn, ChargeBook, Payer, PendingTransaction
from skerry_coverage.iot.parameters import PocParameters
from skerry_coverage.iot.registry import KeptTimes, Registry
from skerry_coverage.iot.stream import Closed, IngestStream
from skerry_keys.public_key import PublicKey

__all__ = ["KINDS"]


def _reciprocity(case: Case) -> dict[str, Any]:
    registry = {
        key(address): known for address, value in case["gateways"].items() if (known := gateway(value)) is not None
    }
    times = {key(address): KeptTimes(**kept) for address, kept in case["state"].items()}
    steps = []
    for step in case["steps"]:
        verdict = judge_poc(_poc_input(case, step, registry, times))
        times.update(verdict.times)
        steps.append(_step_out(verdict))
    kept_out = {PublicKey(binary).address: asdict(kept) for binary, kept in times.items() if kept != KeptTimes()}
    return {"steps": steps, "state": kept_out}


def _poc_input(case: Case, step: Case, registry: Registry, times: dict[bytes, KeptTimes]) -> PocInput:
    report = beacon_report(step["beacon"])
    return PocInput(
        beacon=ReceivedBeacon(report=report, received_ms=step["received_ms"]),
        witnesses=[
            ReceivedWitness(report=witness_report(one["witness"]), received_ms=one["received_ms"])
            for one in step["witnesses"]
        ],
        registry=registry,
        denylist=denylist(case["denylist"]),
        entropy=entropy(step["entropy"], report.remote_entropy),
        times=times,
        parameters=PocParameters(beacon_interval_s=case["interval_s"], max_witnesses=case["max_witnesses"]),
    )


def _step_out(verdict: PocVerdict) -> dict[str, Any]:
    return {
        "valid": verdict.beacon.valid,
        "reason": verdict.beacon.reason,
        "selected": [PublicKey(one.witness.report.pub_key).address for one in verdict.selected],
        "unselected": [
            {
                "pub_key": PublicKey(one.witness.report.pub_key).address,
                "reason": one.judgement.reason,
                "side": one.side,
            }
            for one in verdict.unselected
        ],
    }


def _stream(case: Case) -> dict[str, Any]:
    stream = IngestStream(
        network=case["network"],
        nonce=bytes.fromhex(case["nonce_hex"]),
        offered_at_ms=0,
        offer_timeout_ms=case["offer_timeout_ms"],
        session_timeout_ms=case["session_timeout_ms"],
    )
    accepted: list[int] = []
    closed: Closed | None = None
    for index, event in enumerate(case["events"]):
        answer = stream.receive(bytes.fromhex(event["request_hex"]), event["at_ms"])
        if isinstance(answer, Closed):
            closed = answer
            break
        accepted.append(index)
    closed = closed or stream.expire(case["end_ms"])
    return {
        "accepted": accepted,
        "closed_at_ms": closed.at_ms if closed else None,
        "reason": closed.reason if closed else None,
    }


def _packet_charge(case: Case) -> dict[str, Any]:
    book = ChargeBook(
        minimum_dc=case["minimum_dc"],
        payers={name: Payer(**payer) for name, payer in case["payers"].items()},
        payer_of=case["orgs"],
    )
    results = [_charge_step(book, step) for step in case["steps"]]
    return {
        "results": results,
        "orgs": book.enabled,
        "payers": {name: asdict(payer) for name, payer in book.payers.items()},
    }


def _charge_step(book: ChargeBook, step: Case) -> dict[str, Any] | None:
    match step["op"]:
        case "packet":
            charged = book.charge(
                oui=step["oui"],
                payload_bytes=step["payload_size"],
                packet_type=step["packet_type"],
                free=step["free"],
            )
            if charged is None:
                return None
            if charged.valid:
                return {"status": "valid", "dc": charged.dc}
            return {"status": "invalid", "reason": "insufficient_balance"}
        case "set_onchain":
            book.payers[step["payer"]].onchain_dc = step["balance_dc"]
            return None
        case "monitor":
            return {"enabled": book.enable_funded()}
        case "pending_txn":
            burn = Burn(payer=step["payer"], amount_dc=step["amount_dc"])
            book.sent(burn, took_effect=step["confirmed"])
            return None
        case "confirm_pending":
            book.settle()
            return None
        case "burn":
            return _burn(book)
        case other:
            raise AssertionError(f"unknown step {other!r}")


def _burn(book: ChargeBook) -> dict[str, Any] | None:
    try:
        burn = book.next_burn()
    except PendingTransaction:
        return {"error": "pending_transaction"}
    if burn is None:
        return None
    book.sent(burn, took_effect=True)
    book.settle()
    return {"payer": burn.payer, "amount_dc": burn.amount_dc}


KINDS: dict[str, Kind] = {
    "iot.reciprocity": Kind(run=_reciprocity),
    "iot.stream": Kind(run=_stream),
    "iot.packet_charge": Kind(run=_packet_charge),
}
