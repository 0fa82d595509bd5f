"""The registry: checks signed records, asks the policy, keeps history, answers "who was where" for any moment.

Called by the admin commands, the HTTP admin API and the judge. Everything is held in memory (about 1 kB per hotspot);
the store has the signed originals.
"""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, replace

from skerry_core.clock import Clock
from skerry_core.errors import NotFoundError, RefusedError
from skerry_coverage.records import DenylistRecord, Location, Record, Registration, is_signed, sign_record
from skerry_keys.public_key import PublicKey
from skerry_keys.signer import Signer
from skerry_oracle.epochs.calendar import EpochCalendar
from skerry_oracle.registry.policy import AdmissionPolicy, Answer, Decision
from skerry_oracle.store.database import Database, Statement
from skerry_oracle.store.registry import (
    ADMITTED,
    PENDING,
    REFUSED,
    AssertionRow,
    DenylistRow,
    RegistrationRow,
    RegistryTable,
)

__all__ = ["Hotspot", "Registry"]

MAX_PENDING = 10_000  # registrations that wait for a person; more would be a flood


@dataclass(frozen=True, slots=True, kw_only=True)
class Hotspot:
    """One admitted hotspot as it stood at a moment; `location` None when nothing was asserted."""

    gateway: bytes
    owner: bytes
    is_full: bool
    location: AssertionRow | None


class Registry:
    """One network's hotspots. `load()` before use."""

    def __init__(
        self, database: Database, *, network: str, calendar: EpochCalendar, clock: Clock, policy: AdmissionPolicy
    ) -> None:
        self._database = database
        self._table = RegistryTable(database)
        self._network = network
        self._calendar = calendar
        self._clock = clock
        self.policy = policy
        self._registrations: dict[bytes, RegistrationRow] = {}
        self._assertions: defaultdict[bytes, list[AssertionRow]] = defaultdict(list)
        self._denylists: list[tuple[DenylistRow, DenylistRecord]] = []
        self._allowed: dict[bytes, str] = {}
        self._lock = asyncio.Lock()  # records are decided one after the other, numbers and serials rise

    async def load(self) -> None:
        """Read the store; once, before anything else."""
        registrations, assertions, denylists, self._allowed = await self._table.load()
        self._registrations = {row.gateway: row for row in registrations}
        for row in assertions:
            self._assertions[row.gateway].append(row)
        self._denylists = [(row, DenylistRecord.from_bytes(row.record)) for row in denylists]

    async def register(
        self, registration: Registration, *, gateway_signature: bytes, owner_signature: bytes
    ) -> RegistrationRow:
        """Take a registration signed by gateway and owner; ask the policy unless it is already decided.

        Raises `RefusedError` for another network, a bad signature, or a gateway that another owner registered.
        """
        self._check_network(registration)
        _check_signature(registration, registration.gateway, gateway_signature, "gateway")
        _check_signature(registration, registration.owner, owner_signature, "owner")
        async with self._lock:
            known = self._registrations.get(registration.gateway)
            if known is not None and known.owner != registration.owner:
                raise RefusedError("E_OTHER_OWNER", "This gateway is registered to another owner.")
            if known is None:
                known = await self._store_registration(registration, gateway_signature, owner_signature)
            if known.state == ADMITTED:
                return known
            decision = await self.policy.on_registration(Registration.from_bytes(known.record))
            return await self._decide(known, decision, by=f"policy {self.policy.name}")

    async def assert_location(self, location: Location, *, owner_signature: bytes) -> AssertionRow:
        """Take an owner-signed location; it takes effect with the next epoch, a hotspot's first one at once.

        Repeating the last assertion is harmless. Raises `NotFoundError` for an unregistered gateway, `RefusedError`
        for another network or owner, a bad signature, a number out of turn, or an unpaid fee.
        """
        self._check_network(location)
        async with self._lock:
            registration = self._registration(location.gateway)
            if registration.owner != location.owner:
                raise RefusedError("E_OTHER_OWNER", "Only the registered owner can assert a location.")
            _check_signature(location, registration.owner, owner_signature, "owner")
            history = self._assertions[location.gateway]
            if history and history[-1].record == location.to_bytes():
                return history[-1]
            if location.number != len(history) + 1:
                raise RefusedError(
                    "E_ASSERTION_NUMBER",
                    f"The next location assertion has number {len(history) + 1}, got {location.number}.",
                    params={"expected": len(history) + 1, "got": location.number},
                )
            decision = await self.policy.on_location(location)
            if decision.answer is not Answer.ADMIT:
                raise RefusedError("E_ASSERTION_REFUSED", f"The location was not accepted: {decision.reason}.")
            row = self._assertion_row(location, owner_signature, registration)
            await self._database.apply([self._table.insert_assertion(row)])
            history.append(row)
            return row

    async def admit(self, gateway: bytes, *, by: str) -> RegistrationRow:
        """Admit a registered hotspot by hand. Raises `NotFoundError`."""
        async with self._lock:
            return await self._decide(self._registration(gateway), Decision(Answer.ADMIT), by=by)

    async def refuse(self, gateway: bytes, *, by: str, reason: str) -> RegistrationRow:
        """Refuse a waiting registration; an admitted hotspot is excluded by the denylist instead."""
        async with self._lock:
            registration = self._registration(gateway)
            if registration.state == ADMITTED:
                raise RefusedError(
                    "E_ALREADY_ADMITTED",
                    "This hotspot is admitted.",
                    remedy="Put its key on the denylist to exclude it.",
                )
            return await self._decide(registration, Decision(Answer.REFUSE, reason), by=by)

    async def allow(self, gateway: bytes, *, note: str = "") -> None:
        """Put a gateway on the allow-list."""
        await self._database.apply([self._table.allow(gateway, note=note, added_ms=self._clock.wall_ms())])
        self._allowed[gateway] = note

    async def disallow(self, gateway: bytes) -> None:
        """Take a gateway off the allow-list; an admission stays."""
        await self._database.apply([self._table.disallow(gateway)])
        self._allowed.pop(gateway, None)

    def is_allowed(self, gateway: bytes) -> bool:
        """Say whether a gateway is on the allow-list."""
        return gateway in self._allowed

    async def set_denylist(self, record: DenylistRecord, *, signer: bytes, signature: bytes) -> None:
        """Put a signed denylist into force from now on. Raises `RefusedError` unless its serial is higher."""
        self._check_network(record)
        _check_signature(record, signer, signature, "operator")
        async with self._lock:
            if self._denylists and record.serial <= self._denylists[-1][1].serial:
                raise RefusedError(
                    "E_DENYLIST_SERIAL",
                    f"The denylist in force has serial {self._denylists[-1][1].serial}, a new one needs a higher one.",
                )
            row = DenylistRow(
                serial=record.serial,
                record=record.to_bytes(),
                signer=signer,
                signature=signature,
                received_ms=self._clock.wall_ms(),
            )
            await self._database.apply([self._table.insert_denylist(row)])
            self._denylists.append((row, record))

    async def ensure_denylist(self, signer: Signer) -> None:
        """Begin with an explicit, signed, empty denylist: none at all would deny everybody (iot-poc 4.7)."""
        if not self._denylists:
            empty = DenylistRecord(network=self._network, serial=0, made_ms=self._clock.wall_ms())
            signature = sign_record(empty, signer)
            await self.set_denylist(empty, signer=signer.public_key, signature=signature)

    def denylist_at(self, moment_ms: int) -> DenylistRecord | None:
        """Return the denylist in force at a moment; before the first one, the first one."""
        in_force = [record for row, record in self._denylists if row.received_ms <= moment_ms]
        if in_force:
            return in_force[-1]
        return self._denylists[0][1] if self._denylists else None

    def hotspot_at(self, gateway: bytes, moment_ms: int) -> Hotspot | None:
        """Return an admitted hotspot as it stood at a moment; None when it was not admitted then."""
        row = self._registrations.get(gateway)
        if row is None or row.state != ADMITTED or row.decided_ms is None or row.decided_ms > moment_ms:
            return None
        epoch = self._calendar.epoch_of(moment_ms)
        effective = [
            assertion
            for assertion in self._assertions.get(gateway, ())
            if assertion.effective_epoch is not None
            and assertion.effective_epoch <= epoch
            and (assertion.number > 1 or assertion.received_ms <= moment_ms)
        ]
        return Hotspot(
            gateway=gateway,
            owner=row.owner,
            is_full=bool(row.is_full),
            location=effective[-1] if effective else None,
        )

    def owner_of(self, gateway: bytes) -> bytes | None:
        """Return the owner of an admitted hotspot."""
        row = self._registrations.get(gateway)
        return row.owner if row is not None and row.state == ADMITTED else None

    def registrations(self) -> list[RegistrationRow]:
        """Return every registration, by gateway key."""
        return [self._registrations[gateway] for gateway in sorted(self._registrations)]

    def assertions(self, gateway: bytes) -> list[AssertionRow]:
        """Return a gateway's location history, oldest first."""
        return list(self._assertions.get(gateway, ()))

    def is_registered(self, gateway: bytes) -> bool:
        """Say whether a gateway is admitted now."""
        row = self._registrations.get(gateway)
        return row is not None and row.state == ADMITTED

    def _registration(self, gateway: bytes) -> RegistrationRow:
        try:
            return self._registrations[gateway]
        except KeyError:
            raise NotFoundError(
                "E_NOT_REGISTERED", f"The gateway {PublicKey(gateway).address} is not registered here."
            ) from None

    def _check_network(self, record: Record) -> None:
        if record.network != self._network:
            raise RefusedError(
                "E_OTHER_NETWORK",
                f"The record is made for network {record.network}, this is {self._network}.",
                params={"expected": self._network, "got": record.network},
            )

    async def _store_registration(
        self, registration: Registration, gateway_signature: bytes, owner_signature: bytes
    ) -> RegistrationRow:
        waiting = sum(row.state == PENDING for row in self._registrations.values())
        if waiting >= MAX_PENDING:
            raise RefusedError("E_TOO_MANY_PENDING", f"{waiting} registrations already wait for a decision.")
        row = RegistrationRow(
            gateway=registration.gateway,
            owner=registration.owner,
            record=registration.to_bytes(),
            gateway_signature=gateway_signature,
            owner_signature=owner_signature,
            is_full=int(registration.is_full),
            received_ms=self._clock.wall_ms(),
            state=PENDING,
            decided_ms=None,
            decided_by=None,
            reason=None,
        )
        await self._database.apply([self._table.insert_registration(row)])
        self._registrations[row.gateway] = row
        return row

    async def _decide(self, row: RegistrationRow, decision: Decision, *, by: str) -> RegistrationRow:
        if decision.answer is Answer.WAIT or row.state == ADMITTED:
            return row
        now_ms = self._clock.wall_ms()
        state = ADMITTED if decision.answer is Answer.ADMIT else REFUSED
        statements: list[Statement] = [
            self._table.decide(row.gateway, state=state, decided_ms=now_ms, decided_by=by, reason=decision.reason)
        ]
        epoch = self._calendar.epoch_of(now_ms)
        if state == ADMITTED:
            statements.append(self._table.make_effective(row.gateway, epoch=epoch))
        await self._database.apply(statements)
        if state == ADMITTED:
            self._assertions[row.gateway] = [
                assertion if assertion.effective_epoch is not None else replace(assertion, effective_epoch=epoch)
                for assertion in self._assertions[row.gateway]
            ]
        decided = replace(row, state=state, decided_ms=now_ms, decided_by=by, reason=decision.reason)
        self._registrations[row.gateway] = decided
        return decided

    def _assertion_row(self, location: Location, owner_signature: bytes, registration: RegistrationRow) -> AssertionRow:
        now_ms = self._clock.wall_ms()
        epoch: int | None = None
        if registration.state == ADMITTED:
            epoch = self._calendar.epoch_of(now_ms) + (0 if location.number == 1 else 1)
        return AssertionRow(
            gateway=location.gateway,
            number=location.number,
            record=location.to_bytes(),
            owner_signature=owner_signature,
            cell=location.cell,
            region=location.region,
            gain_ddbi=location.gain_ddbi,
            elevation_m=location.elevation_m,
            received_ms=now_ms,
            effective_epoch=epoch,
        )


def _check_signature(record: Record, key: bytes, signature: bytes, role: str) -> None:
    if not is_signed(record, key, signature):
        raise RefusedError(
            "E_BAD_SIGNATURE",
            f"The {role}'s signature of the {record.DOMAIN} record is wrong.",
            remedy=f"Sign the record with the {role} key of network {record.network}.",
            params={"role": role},
        )
