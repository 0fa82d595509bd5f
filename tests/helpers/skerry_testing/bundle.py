"""A small neighbourhood with an operator, judged by the real rules and packed into a proof bundle."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

import h3.api.basic_int as h3

from skerry_core import strict_json
from skerry_coverage.bundle import container
from skerry_coverage.bundle.model import Bundle, LogExtract, OpenedEntry, Segment
from skerry_coverage.bundle.profile import profile_bytes
from skerry_coverage.bundle.records import SignedRecord
from skerry_coverage.bundle.state import statement_of
from skerry_coverage.bundle.statement import Statement, sign_statement
from skerry_coverage.evidence import chain, merkle
from skerry_coverage.evidence.entry import Entry, EntryKind
from skerry_coverage.evidence.seal import NO_SEAL, Seal, SignedSeal, sign_seal
from skerry_coverage.iot.beacon import build_beacon
from skerry_coverage.iot.denylist import ExplicitDenylist
from skerry_coverage.iot.judge import PocInput, PocVerdict, ReceivedBeacon, ReceivedWitness, judge_poc
from skerry_coverage.iot.parameters import PocParameters
from skerry_coverage.iot.registry import Asserted, Gateway, KeptTimes
from skerry_coverage.profile.loader import load_profile, with_overrides
from skerry_keys.public_key import PublicKey
from skerry_keys.signer import Signer
from skerry_radio.regions import region_params
from skerry_testing.evidence import entry, salt, signer_of, stamp
from skerry_wire.generated.entropy_pb2 import entropy_report_v1
from skerry_wire.generated.poc_lora_pb2 import (
    lora_beacon_report_req_v1,
    lora_stream_session_init_v1,
    lora_stream_session_offer_v1,
    lora_witness_report_req_v1,
)
from skerry_wire.signing import sign_message
from skerry_wire.sink import Entropy

__all__ = ["NETWORK", "ORACLE", "PROFILE", "Neighbourhood", "PureLog", "record_of"]

NETWORK = "skerry-open"
ORACLE = signer_of(900)
PROFILE = profile_bytes(
    with_overrides(
        load_profile("skerry-open"),
        {"operator.oracle_keys": [PublicKey(ORACLE.public_key).address], "tokens.iot.symbol": "demo-IOT"},
    )
)
START_MS = 1_790_000_000_000
ENTROPY = Entropy(data=sha256(b"entropy").digest(), timestamp_s=START_MS // 1000 - 20, version=0)
REGION, GAIN_DDBI = "EU868", 12


@dataclass
class PureLog:
    """An evidence log in memory."""

    signer: Signer
    entries: list[Entry] = field(default_factory=list)
    seals: list[SignedSeal] = field(default_factory=list)

    def add(self, kind: str, body: bytes, *, refs: Sequence[bytes] = (), link: str = "grpc") -> bytes:
        """Append an entry; return its id."""
        made = entry(len(self.entries), agent=self.signer.public_key, body=body, kind=kind)
        self.entries.append(dataclasses.replace(made, refs=tuple(refs), link=link))
        return self.entries[-1].id(salt(made.seq))

    @property
    def leaves(self) -> list[bytes]:
        """All leaves."""
        return [made.leaf(salt(made.seq)) for made in self.entries]

    def seal(self, *, network: str = NETWORK) -> None:
        """Seal what is new."""
        before = self.seals[-1].decoded() if self.seals else None
        leaves = self.leaves
        seal = Seal(
            agent=self.signer.public_key,
            network=network,
            number=len(self.seals),
            first_seq=before.tree_size if before else 0,
            tree_size=len(leaves),
            root=merkle.root(leaves),
            chain=chain.run(chain.genesis(self.signer.public_key), 0, leaves),
            previous=self.seals[-1].digest if self.seals else NO_SEAL,
            stamp=stamp(1_700_100_000),
        )
        self.seals.append(sign_seal(seal, self.signer))

    def extract(self, shown: set[int] | None = None) -> LogExtract:
        """Return segments for all seals that show the chosen sequence numbers (None: all)."""
        tree = merkle.Tree(lambda low, high: self.leaves[low:high])
        segments = []
        earlier: Seal | None = None
        for signed in self.seals:
            seal = signed.decoded()
            opened = [
                OpenedEntry(
                    salt=salt(made.seq),
                    header=made.header(),
                    body=made.body,
                    path=tuple(tree.inclusion(made.seq, seal.tree_size)),
                )
                for made in self.entries[seal.first_seq : seal.tree_size]
                if shown is None or made.seq in shown
            ]
            segments.append(
                Segment(
                    seal=signed,
                    chain_before=chain.run(chain.genesis(self.signer.public_key), 0, self.leaves[: seal.first_seq]),
                    leaves=tuple(self.leaves[seal.first_seq : seal.tree_size]),
                    entries=tuple(opened),
                    consistency=tuple(tree.consistency(earlier.tree_size, seal.tree_size)) if earlier else (),
                )
            )
            earlier = seal
        return LogExtract(agent=self.signer.public_key, segments=tuple(segments))


def record_of(kind: EntryKind, *, gateway: Signer, owner: Signer, cell: int | None = None, number: int = 1) -> bytes:
    """Return the signed body of a registration, or of a location when a cell is given."""
    domain = "registration" if kind is EntryKind.REGISTRATION else "location"
    members: dict[str, object] = {
        "kind": domain,
        "network": NETWORK,
        "version": 1,
        "gateway": PublicKey(gateway.public_key).address,
        "owner": PublicKey(owner.public_key).address,
        "made_ms": START_MS - 86_400_000,
    }
    if kind is EntryKind.REGISTRATION:
        members["full"] = True
    else:
        members |= {
            "number": number,
            "cell": f"{cell:x}",
            "region": REGION,
            "gain_ddbi": GAIN_DDBI,
            "elevation_m": 10,
        }
    record = strict_json.canonical(members)
    digest = sha256(record).digest()
    return SignedRecord(
        record=record,
        owner_signature=owner.sign_evidence(domain, NETWORK, digest),
        gateway_signature=gateway.sign_evidence(domain, NETWORK, digest) if domain == "registration" else b"",
    ).to_bytes()


class Neighbourhood:
    """Hotspot 0 sends a beacon, the others hear it, an operator judges; `log` is hotspot 0's evidence.

    `owners[n]` numbers the owner of hotspot n; `sessions` lets the beaconer sign with a session key.
    """

    def __init__(self, *, owners: Sequence[int] = (0, 1, 2, 3), sessions: bool = False) -> None:
        self.gateways = [signer_of(100 + number) for number in range(len(owners))]
        self.owners = [signer_of(500 + number) for number in owners]
        self.cells = [
            h3.latlng_to_cell(57.50 + 0.01 * number, -6.20 + 0.015 * number, 12) for number in range(len(owners))
        ]
        self.log = PureLog(self.gateways[0])
        self._record_setting()
        self.beacon_body = self._send_beacon(sessions)
        self.witness_bodies = [self._hear(number) for number in range(1, len(owners))]
        self.poc = self._input()
        self.verdict: PocVerdict = judge_poc(self.poc)

    def statement(self, **changes: object) -> Statement:
        """Return the operator's statement."""
        made = statement_of(
            self.poc,
            self.verdict,
            beacon_body=self.beacon_body,
            witness_bodies=self.witness_bodies,
            owners={
                gateway.public_key: owner.public_key for gateway, owner in zip(self.gateways, self.owners, strict=True)
            },
            network=NETWORK,
            profile_hash=sha256(PROFILE).digest(),
            engine="test",
            rule_set="iot/2024-01",
            epoch=19_675,
            manifest_hash=sha256(b"manifest").digest(),
        )
        return dataclasses.replace(made, **changes)  # type: ignore[arg-type]

    def add_statement(self, statement: Statement | None = None, *, signer: Signer = ORACLE) -> None:
        """Record the operator's signed statement."""
        self.log.add(EntryKind.STATEMENT, sign_statement(statement or self.statement(), signer).to_bytes())

    def bundle(self, *, shown: set[int] | None = None) -> Bundle:
        """Seal what is new and return the bundle."""
        if not self.log.seals or self.log.seals[-1].decoded().tree_size < len(self.log.entries):
            self.log.seal()
        return Bundle(
            network=NETWORK,
            made_by="skerry test",
            profile=PROFILE,
            logs=(self.log.extract(shown),),
        )

    def packed(self) -> bytes:
        """Return the bundle file."""
        return container.pack(self.bundle().to_map())

    def _record_setting(self) -> None:
        for gateway, owner, cell in zip(self.gateways, self.owners, self.cells, strict=True):
            self.log.add(EntryKind.REGISTRATION, record_of(EntryKind.REGISTRATION, gateway=gateway, owner=owner))
            self.log.add(EntryKind.ASSERTION, record_of(EntryKind.ASSERTION, gateway=gateway, owner=owner, cell=cell))
        answer = entropy_report_v1(data=ENTROPY.data, timestamp=ENTROPY.timestamp_s, version=ENTROPY.version)
        self.log.add(EntryKind.ENTROPY, answer.SerializeToString())
        self.log.add(EntryKind.FRAME, b"\xe0frame", link="udp")

    def _send_beacon(self, sessions: bool) -> bytes:
        self.beacon = build_beacon(
            remote=ENTROPY, local=b"\x01\x02\x03\x04", params=region_params(REGION), gain_ddbi=GAIN_DDBI
        )
        report = lora_beacon_report_req_v1(
            pub_key=self.gateways[0].public_key,
            local_entropy=self.beacon.local_entropy,
            remote_entropy=self.beacon.remote_entropy,
            data=self.beacon.data,
            frequency=self.beacon.frequency_hz,
            datarate=self.beacon.datarate,
            tx_power=self.beacon.conducted_power_dbm,
            timestamp=START_MS * 1_000_000,
            tmst=1,
        )
        if not sessions:
            body = sign_message(report, self.gateways[0]).SerializeToString()
            self.log.add(EntryKind.BEACON_REPORT, body)
            return body
        offer = lora_stream_session_offer_v1(nonce=sha256(b"nonce").digest())
        offered = self.log.add(EntryKind.SESSION_OFFER, offer.SerializeToString())
        session = signer_of(700)
        init = lora_stream_session_init_v1(
            pub_key=self.gateways[0].public_key, nonce=offer.nonce, session_key=session.public_key
        )
        opened = self.log.add(
            EntryKind.SESSION_INIT, sign_message(init, self.gateways[0]).SerializeToString(), refs=[offered]
        )
        body = sign_message(report, session).SerializeToString()
        self.log.add(EntryKind.BEACON_REPORT, body, refs=[opened])
        return body

    def _hear(self, number: int) -> bytes:
        report = lora_witness_report_req_v1(
            pub_key=self.gateways[number].public_key,
            data=self.beacon.data,
            timestamp=(START_MS + 300 + number) * 1_000_000,
            tmst=number,
            signal=-1050 - number,
            snr=-12,
            frequency=self.beacon.frequency_hz,
            datarate=self.beacon.datarate,
        )
        body = sign_message(report, self.gateways[number]).SerializeToString()
        self.log.add(EntryKind.WITNESS_REPORT, body)
        return body

    def _input(self) -> PocInput:
        registry = {
            gateway.public_key: Gateway(
                full=True, asserted=Asserted(cell=cell, region=REGION, gain_ddbi=GAIN_DDBI, elevation_m=10)
            )
            for gateway, cell in zip(self.gateways, self.cells, strict=True)
        }
        recent = KeptTimes(
            last_beacon_ms=START_MS - 43_200_000,
            last_witness_ms=START_MS - 3_600_000,
            last_beacon_reciprocity_ms=START_MS - 43_200_000,
        )
        return PocInput(
            beacon=ReceivedBeacon(
                report=lora_beacon_report_req_v1.FromString(self.beacon_body), received_ms=START_MS + 100
            ),
            witnesses=[
                ReceivedWitness(report=lora_witness_report_req_v1.FromString(body), received_ms=START_MS + 500 + number)
                for number, body in enumerate(self.witness_bodies)
            ],
            registry=registry,
            denylist=ExplicitDenylist.of(tag=3),
            entropy=ENTROPY,
            times={gateway.public_key: recent for gateway in self.gateways},
            parameters=PocParameters(),
        )
