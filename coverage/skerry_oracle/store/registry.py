"""Registrations, location assertions, the allow-list and denylists, as signed by their makers."""

from dataclasses import dataclass

from skerry_oracle.store.database import Database, Statement

__all__ = ["ADMITTED", "PENDING", "REFUSED", "AssertionRow", "DenylistRow", "RegistrationRow", "RegistryTable"]

PENDING = "pending"
ADMITTED = "admitted"
REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationRow:
    """One hotspot: the signed record and what the operator decided; `decided_ms` is when admission took effect."""

    gateway: bytes
    owner: bytes
    record: bytes
    gateway_signature: bytes
    owner_signature: bytes
    is_full: int
    received_ms: int
    state: str
    decided_ms: int | None
    decided_by: str | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssertionRow:
    """One owner-signed location; `effective_epoch` None until the hotspot is admitted."""

    gateway: bytes
    number: int
    record: bytes
    owner_signature: bytes
    cell: str
    region: str
    gain_ddbi: int
    elevation_m: int
    received_ms: int
    effective_epoch: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DenylistRow:
    """One signed denylist."""

    serial: int
    record: bytes
    signer: bytes
    signature: bytes
    received_ms: int


class RegistryTable:
    """Reads everything once at start (`load`), writes by statements."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self) -> tuple[list[RegistrationRow], list[AssertionRow], list[DenylistRow], dict[bytes, str]]:
        """Return all registrations, assertions by number, denylists by serial, and the allow-list with its notes."""
        fetch = self._database.fetch
        registrations = await fetch("SELECT * FROM registrations ORDER BY gateway")
        assertions = await fetch("SELECT * FROM assertions ORDER BY gateway, number")
        denylists = await fetch("SELECT * FROM denylists ORDER BY serial")
        allowed = await fetch("SELECT gateway, note FROM allowed")
        return (
            [RegistrationRow(**dict(zip(RegistrationRow.__slots__, row, strict=True))) for row in registrations],  # type: ignore[arg-type]
            [AssertionRow(**dict(zip(AssertionRow.__slots__, row, strict=True))) for row in assertions],  # type: ignore[arg-type]
            [DenylistRow(**dict(zip(DenylistRow.__slots__, row, strict=True))) for row in denylists],  # type: ignore[arg-type]
            {bytes(gateway): str(note) for gateway, note in allowed},  # type: ignore[arg-type]
        )

    def insert_registration(self, row: RegistrationRow) -> Statement:
        """Store a new registration; changes no row when the gateway is registered."""
        values = tuple(getattr(row, name) for name in RegistrationRow.__slots__)
        marks = ", ".join("?" * len(values))
        return Statement(f"INSERT INTO registrations VALUES ({marks}) ON CONFLICT DO NOTHING", (values,))  # noqa: S608 - column names and marks are ours

    def decide(self, gateway: bytes, *, state: str, decided_ms: int, decided_by: str, reason: str | None) -> Statement:
        """Record the operator's decision on a pending or refused registration; an admission stays."""
        return Statement(
            "UPDATE registrations SET state = ?, decided_ms = ?, decided_by = ?, reason = ? "
            "WHERE gateway = ? AND state <> ?",
            ((state, decided_ms, decided_by, reason, gateway, ADMITTED),),
        )

    def insert_assertion(self, row: AssertionRow) -> Statement:
        """Store an assertion; changes no row when this number is taken."""
        values = tuple(getattr(row, name) for name in AssertionRow.__slots__)
        marks = ", ".join("?" * len(values))
        return Statement(f"INSERT INTO assertions VALUES ({marks}) ON CONFLICT DO NOTHING", (values,))  # noqa: S608 - column names and marks are ours

    def make_effective(self, gateway: bytes, *, epoch: int) -> Statement:
        """Give a hotspot's waiting assertions their first epoch, at admission."""
        return Statement(
            "UPDATE assertions SET effective_epoch = ? WHERE gateway = ? AND effective_epoch IS NULL",
            ((epoch, gateway),),
        )

    def insert_denylist(self, row: DenylistRow) -> Statement:
        """Store a denylist."""
        values = tuple(getattr(row, name) for name in DenylistRow.__slots__)
        return Statement("INSERT INTO denylists VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", (values,))

    def allow(self, gateway: bytes, *, note: str, added_ms: int) -> Statement:
        """Put a gateway on the allow-list."""
        return Statement("INSERT INTO allowed VALUES (?, ?, ?) ON CONFLICT DO NOTHING", ((gateway, note, added_ms),))

    def disallow(self, gateway: bytes) -> Statement:
        """Take a gateway off the allow-list; an admission given before stays."""
        return Statement("DELETE FROM allowed WHERE gateway = ?", ((gateway,),))
