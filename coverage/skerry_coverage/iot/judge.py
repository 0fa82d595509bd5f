"""Judges one beacon with its witness reports: rule tables, reciprocity, selection (iot-poc 4.2, 4.3, 4.5).

The oracle calls `judge_poc` with its stores' content; nothing is read or written here.
`skerry_coverage.iot.explain` repeats a judgement from the same inputs and returns every rule's line.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from skerry_coverage.iot.beacon_rules import BEACON_RULES, BeaconFacts
from skerry_coverage.iot.denylist import Denylist
from skerry_coverage.iot.ids import report_id
from skerry_coverage.iot.parameters import PocParameters
from skerry_coverage.iot.reciprocity import beacon_reciprocity, witness_reciprocity
from skerry_coverage.iot.registry import KeptTimes, Registry
from skerry_coverage.iot.rules import Judgement, first_failure
from skerry_coverage.iot.selection import select_witnesses
from skerry_coverage.iot.witness_facts import WitnessFacts
from skerry_coverage.iot.witness_rules import REPORT_RULES, WITNESS_RULES
from skerry_wire.generated.poc_lora_pb2 import lora_beacon_report_req_v1, lora_witness_report_req_v1
from skerry_wire.sink import Entropy

__all__ = [
    "Pairs",
    "PocInput",
    "PocVerdict",
    "ReceivedBeacon",
    "ReceivedWitness",
    "WitnessVerdict",
    "beacon_facts",
    "denylist_tag",
    "judge_poc",
    "witness_facts",
]

BEACONER, WITNESS = "beaconer", "witness"
_NO_TIMES = KeptTimes()
_BY_RECEIVE_TIME = attrgetter("received_ms")
_DENIALS = ("denied", "denied_edge")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedBeacon:
    """A beacon report with the oracle's receive time in Unix milliseconds."""

    report: lora_beacon_report_req_v1
    received_ms: int

    @property
    def poc_id(self) -> bytes:
        """The id of the whole proof."""
        return report_id(data=self.report.data, received_ms=self.received_ms, public_key=self.report.pub_key)


# Not frozen, like the verdict below: a day has twenty million of each, and freezing costs a microsecond.
@dataclass(slots=True, kw_only=True, eq=False)
class ReceivedWitness:
    """A witness report with the oracle's receive time in Unix milliseconds; never changed once made."""

    report: lora_witness_report_req_v1
    received_ms: int

    @property
    def report_id(self) -> bytes:
        """The report's id."""
        return report_id(data=self.report.data, received_ms=self.received_ms, public_key=self.report.pub_key)


@dataclass(frozen=True, slots=True, kw_only=True)
class PocInput:
    """Everything that one judgement depends on; equal inputs give equal verdicts on any machine."""

    beacon: ReceivedBeacon
    witnesses: Sequence[ReceivedWitness]
    registry: Registry
    denylist: Denylist | None
    entropy: Entropy | None
    times: Mapping[bytes, KeptTimes]
    parameters: PocParameters
    payload: bytes | None = None  # what the beacon's payload has to be, where it was computed beforehand

    def by_receive_time(self) -> list[ReceivedWitness]:
        """The witness reports in the order they are judged in; equal times keep the stored order."""
        return sorted(self.witnesses, key=_BY_RECEIVE_TIME)


@dataclass(slots=True, kw_only=True)
class WitnessVerdict:
    """The verdict on one witness report, never changed once made.

    `side` says whose failure made it invalid (`beaconer`, `witness`); `position` is the report's place in
    order of receipt.
    """

    position: int
    witness: ReceivedWitness
    judgement: Judgement
    side: str | None = None
    denylist_tag: str | None = None

    @property
    def valid(self) -> bool:
        """Whether the report passed everything; a valid one may still be surplus."""
        return self.judgement.valid


@dataclass(frozen=True, slots=True, kw_only=True)
class PocVerdict:
    """The verdict on a beacon and its witnesses; `times` holds the changed entries only."""

    poc_id: bytes
    beacon: Judgement
    denylist_tag: str | None
    selected: tuple[WitnessVerdict, ...]
    unselected: tuple[WitnessVerdict, ...]
    times: Mapping[bytes, KeptTimes]


class _Times:
    """The kept times during one judgement: reads fall through to what was there before."""

    def __init__(self, before: Mapping[bytes, KeptTimes]) -> None:
        self._before = before
        self.changed: dict[bytes, KeptTimes] = {}

    def of(self, key: bytes) -> KeptTimes:
        return self.changed.get(key) or self._before.get(key) or _NO_TIMES

    # Spelled out: `dataclasses.replace` costs four times as much, and one of these runs for every report.

    def beacon_judged(self, key: bytes, received_ms: int) -> None:
        kept = self.of(key)
        self.changed[key] = KeptTimes(
            last_beacon_ms=received_ms,
            last_witness_ms=kept.last_witness_ms,
            last_beacon_reciprocity_ms=kept.last_beacon_reciprocity_ms,
        )

    def beacon_witnessed(self, key: bytes, received_ms: int) -> None:
        kept = self.of(key)
        self.changed[key] = KeptTimes(
            last_beacon_ms=kept.last_beacon_ms,
            last_witness_ms=kept.last_witness_ms,
            last_beacon_reciprocity_ms=received_ms,
        )

    def witness_passed(self, key: bytes, received_ms: int) -> KeptTimes:
        kept = self.changed.get(key) or self._before.get(key) or _NO_TIMES  # as `of`, which costs a call
        self.changed[key] = now = KeptTimes(
            last_beacon_ms=kept.last_beacon_ms,
            last_witness_ms=received_ms,
            last_beacon_reciprocity_ms=kept.last_beacon_reciprocity_ms,
        )
        return now


Pairs = set[tuple[bytes, bytes]]  # (beaconer, witness)


def judge_poc(poc: PocInput, *, good_pairs: Pairs | None = None) -> PocVerdict:
    """Judge a beacon and its witnesses; `times` of the result is to be stored before the next judgement.

    `good_pairs` saves work over many judgements with the same registry, denylist and parameters: it collects pairs of
    hotspots that pass the static rules. Use a new set whenever one of the three changes. It never changes a verdict.
    """
    times = _Times(poc.times)
    key, received_ms = poc.beacon.report.pub_key, poc.beacon.received_ms
    facts = beacon_facts(poc)
    beacon = first_failure(BEACON_RULES, facts)
    reports = poc.by_receive_time()
    if facts.place is not None:
        times.beacon_judged(key, received_ms)  # a refused beacon uses its interval up too
    if not beacon.valid:
        return _refused(poc, beacon, reports, times)
    if reports:
        times.beacon_witnessed(key, received_ms)
    judged = _judge_witnesses(poc, facts, reports, times, good_pairs if good_pairs is not None else set())
    if poc.parameters.reciprocity_required:
        beacon = beacon_reciprocity(times.of(key), received_ms, poc.parameters)
        if not beacon.valid:
            return _refused(poc, beacon, reports, times)
    selected, unselected = select_witnesses(judged, poc.parameters.max_witnesses)
    return PocVerdict(
        poc_id=poc.beacon.poc_id,
        beacon=beacon,
        denylist_tag=None,
        selected=tuple(selected),
        unselected=tuple(unselected),
        times=times.changed,
    )


def beacon_facts(poc: PocInput) -> BeaconFacts:
    """Return what the beacon table is judged on."""
    key = poc.beacon.report.pub_key
    return BeaconFacts(
        report=poc.beacon.report,
        received_ms=poc.beacon.received_ms,
        gateway=poc.registry.get(key),
        entropy=poc.entropy,
        last_beacon_ms=poc.times.get(key, _NO_TIMES).last_beacon_ms,
        denylist=poc.denylist,
        parameters=poc.parameters,
        payload=poc.payload,
    )


def witness_facts(
    poc: PocInput, beacon: BeaconFacts, witness: ReceivedWitness, *, first_ms: int, already_reported: bool
) -> WitnessFacts:
    """Return what the witness table is judged on; `first_ms` is the earliest report's receive time."""
    report = witness.report
    key = report.pub_key
    return WitnessFacts(
        beacon=beacon,
        report=report,
        key=key,
        received_ms=witness.received_ms,
        first_witness_received_ms=first_ms,
        gateway=poc.registry.get(key),
        already_reported=already_reported,
    )


def denylist_tag(judgement: Judgement, denylist: Denylist | None) -> str | None:
    """Return the list's tag as the protocol's text for a denial, None for any other judgement."""
    if judgement.reason not in _DENIALS:
        return None
    return str(denylist.tag) if denylist else "0"


def _judge_witnesses(
    poc: PocInput, beacon: BeaconFacts, reports: list[ReceivedWitness], times: _Times, good_pairs: Pairs
) -> list[WitnessVerdict]:
    judged: list[WitnessVerdict] = []
    seen: set[bytes] = set()
    parameters, registry = poc.parameters, poc.registry
    first_ms = reports[0].received_ms if reports else 0
    for position, witness in enumerate(reports):
        key = witness.report.pub_key
        facts = WitnessFacts(  # as `witness_facts`, without reading the key and calling once more
            beacon=beacon,
            report=witness.report,
            key=key,
            received_ms=witness.received_ms,
            first_witness_received_ms=first_ms,
            gateway=registry.get(key),
            already_reported=key in seen,
        )
        seen.add(key)
        pair = (beacon.key, key)
        known_good = pair in good_pairs
        judgement = first_failure(REPORT_RULES if known_good else WITNESS_RULES, facts)
        if judgement.reason is None:
            if not known_good:
                good_pairs.add(pair)
            # The rules passed, so this counts as having heard someone, whatever reciprocity says next.
            kept = times.witness_passed(key, witness.received_ms)
            if parameters.reciprocity_required:
                judgement = witness_reciprocity(kept, witness.received_ms, parameters)
        if judgement.reason is None:
            judged.append(WitnessVerdict(position=position, witness=witness, judgement=judgement))
            continue
        tag = denylist_tag(judgement, poc.denylist)
        judged.append(
            WitnessVerdict(position=position, witness=witness, judgement=judgement, side=WITNESS, denylist_tag=tag)
        )
    return judged


def _refused(poc: PocInput, beacon: Judgement, reports: list[ReceivedWitness], times: _Times) -> PocVerdict:
    tag = denylist_tag(beacon, poc.denylist)
    return PocVerdict(
        poc_id=poc.beacon.poc_id,
        beacon=beacon,
        denylist_tag=tag,
        selected=(),
        unselected=tuple(
            WitnessVerdict(position=position, witness=witness, judgement=beacon, side=BEACONER, denylist_tag=tag)
            for position, witness in enumerate(reports)
        ),
        times=times.changed,
    )
