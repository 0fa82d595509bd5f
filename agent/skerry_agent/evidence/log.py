"""The evidence log of one hotspot: appends durably, seals by count and age, lets old bodies go.

The agent's runtime appends and calls `seal_if_due` now and then. Looking things up is `EvidenceReader`'s part.
An append is acknowledged when it is awaited: from then on it survives `kill -9`.
"""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sqlite_utils

from skerry_agent.evidence import tables
from skerry_agent.evidence.reader import EvidenceReader
from skerry_agent.evidence.tables import StoredSeal
from skerry_agent.evidence.timekeeper import TimeKeeper
from skerry_agent.store.database import Database
from skerry_core.clock import NS_PER_S, Clock
from skerry_coverage.evidence import merkle
from skerry_coverage.evidence.entry import SALT_BYTES, Entry, EntryKind, Stamp
from skerry_coverage.evidence.seal import NO_SEAL, Seal, sign_seal
from skerry_keys.signer import Signer

__all__ = ["EvidenceLog", "Recorded", "SealPolicy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An entry that is on disk (or will be, once the job that returned it has committed)."""

    id: bytes
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SealPolicy:
    """When to seal: a proof is possible only of what is sealed, and each seal costs a signature."""

    max_entries: int = merkle.BLOCK
    max_age_s: int = 600


class EvidenceLog(EvidenceReader):
    """One agent key's entries in `skerry.db`. Make it with `open`; it needs no closing."""

    def __init__(
        self,
        db: Database,
        *,
        log: int,
        signer: Signer,
        network: str,
        clock: Clock,
        time: TimeKeeper,
        policy: SealPolicy,
        has_undated: bool,
    ) -> None:
        super().__init__(db, log=log, agent=signer.public_key, network=network)
        self._signer = signer
        self._clock = clock
        self._time = time
        self._policy = policy
        self._sealing = asyncio.Lock()
        self._has_undated = has_undated or not time.is_synchronised

    @classmethod
    async def open(
        cls,
        db: Database,
        *,
        signer: Signer,
        network: str,
        clock: Clock,
        time: TimeKeeper,
        policy: SealPolicy | None = None,
    ) -> "EvidenceLog":
        """Open or begin the log of `signer`'s key; the chain goes on where it ended. `db` has run `EVIDENCE`."""
        agent = signer.public_key
        log = await db.write(lambda db: tables.ensure_log(db, agent=agent, network=network))
        has_undated = await db.read(lambda db: tables.has_undated(db, log))
        return cls(
            db, log=log, signer=signer, network=network, clock=clock, time=time, policy=policy or SealPolicy(),
            has_undated=has_undated,
        )  # fmt: skip

    async def append(
        self, kind: EntryKind, body: bytes, *, link: str, source: str, refs: Sequence[bytes] = ()
    ) -> Recorded:
        """Record the exact bytes that were sent or received; return once they are durable.

        Raises `StoreUnavailable`.
        """
        await self._note_synchronisation()
        return await self.db.write(self.job(kind, body, link=link, source=source, refs=refs))

    async def append_once(
        self, kind: EntryKind, body: bytes, *, link: str, source: str, refs: Sequence[bytes] = ()
    ) -> Recorded:
        """Record bytes unless an entry of this kind holds the same already, as neighbours' registrations often do."""
        await self._note_synchronisation()
        append = self.job(kind, body, link=link, source=source, refs=refs)

        def run(db: sqlite_utils.Database) -> Recorded:
            same = tables.rows(db, self.log, "kind = ? AND body = ?", [str(kind), body])
            return Recorded(id=same[0].id, seq=same[0].seq) if same else append(db)

        return await self.db.write(run)

    def job(
        self, kind: EntryKind, body: bytes, *, link: str, source: str, refs: Sequence[bytes] = ()
    ) -> Callable[[sqlite_utils.Database], Recorded]:
        """Return the append as a database job, to be run together with others in one transaction. Stamps now."""
        stamp = self._time.stamp()

        def run(db: sqlite_utils.Database) -> Recorded:
            end = tables.head(db, self.log)
            entry = Entry(
                kind=kind,
                agent=self.agent,
                seq=end.next_seq,
                stamp=stamp,
                link=link,
                source=source,
                refs=tuple(refs),
                body=body,
            )
            identity = tables.add_entry(db, self.log, entry, salt=secrets.token_bytes(SALT_BYTES), end=end)
            return Recorded(id=identity, seq=entry.seq)

        return run

    async def seal_if_due(self) -> StoredSeal | None:
        """Seal when the policy says so; return the new seal. Call it after appends and on a timer."""
        await self._note_synchronisation()
        end, last = await self._ends()
        unsealed = end.next_seq - (last.tree_size if last else 0)
        if unsealed == 0:
            return None
        if unsealed < self._policy.max_entries and not await self._is_old(last):
            return None
        return await self.seal()

    async def seal(self) -> StoredSeal | None:
        """Seal everything recorded so far; None when nothing is new or the clock was never synchronised."""
        async with self._sealing:
            await self._note_synchronisation()
            stamp = self._time.stamp()
            if stamp.wall_ns is None:
                return None
            seal = await self.db.read(lambda db: self._next_seal(db, stamp))
            if seal is None:
                return None
            with self._clock.hold("evidence: sign a seal"):
                signed = await asyncio.to_thread(sign_seal, seal, self._signer)
            stored = StoredSeal(number=seal.number, tree_size=seal.tree_size, at_ns=stamp.wall_ns, signed=signed)
            await self.db.write(lambda db: tables.add_seal(db, self.log, stored))
            return stored

    async def forget_bodies(self, *, before_ns: int, kinds: Sequence[EntryKind]) -> int:
        """Delete the bodies of sealed entries of some kinds recorded before a time; return how many.

        Ids, leaves and the chain stay, so that seals and other proofs stay whole; `check` says what is gone.
        """
        marks = ", ".join("?" * len(kinds))
        sql = (
            "UPDATE evidence_entries SET salt = NULL, header = NULL, body = NULL WHERE log = ? AND at_ns < ? AND body IS NOT NULL"  # noqa: S608, E501 - our text
            f" AND kind IN ({marks})"
            " AND seq < (SELECT coalesce(max(tree_size), 0) FROM evidence_seals WHERE log = ?)"
        )
        parameters = [self.log, before_ns, *(str(kind) for kind in kinds), self.log]
        return await self.db.write(lambda db: db.conn.execute(sql, parameters).rowcount)

    async def _ends(self) -> tuple[tables.Head, StoredSeal | None]:
        def read(db: sqlite_utils.Database) -> tuple[tables.Head, StoredSeal | None]:
            return tables.head(db, self.log), tables.last_seal(db, self.log)

        return await self.db.read(read)

    async def _is_old(self, last: StoredSeal | None) -> bool:
        if last is None:
            return True
        # A seal of the future comes from a clock that was ahead: it must not keep the next one from being made.
        return abs(self._clock.wall_ns() - last.at_ns) >= self._policy.max_age_s * NS_PER_S

    def _next_seal(self, db: sqlite_utils.Database, stamp: Stamp) -> Seal | None:
        end, last = tables.head(db, self.log), tables.last_seal(db, self.log)
        first_seq = last.tree_size if last else 0
        if end.next_seq == first_seq:
            return None
        return Seal(
            agent=self.agent,
            network=self.network,
            number=last.number + 1 if last else 0,
            first_seq=first_seq,
            tree_size=end.next_seq,
            root=tables.tree(db, self.log).root(end.next_seq),
            chain=end.chain,
            previous=last.signed.digest if last else NO_SEAL,
            stamp=stamp,
        )

    async def _note_synchronisation(self) -> None:
        """Record the first synchronisation after entries without a time: it dates them."""
        if not self._time.is_synchronised:
            self._has_undated = True
        elif self._has_undated:
            self._has_undated = False  # before the wait, so that another append does not record it too
            try:
                source = str(self._time.stamp().source)
                await self.db.write(self.job(EntryKind.CLOCK_SYNC, b"", link="clock", source=source))
            except BaseException:
                self._has_undated = True
                raise
