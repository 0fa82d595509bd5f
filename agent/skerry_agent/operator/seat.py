"""The oracle of a folder as one that signs others' manifests: its rules, its key, and what it has signed before."""

import asyncio
import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from skerry_agent.operator.embedded import profile_of
from skerry_agent.operator.network_file import OperatorFolder
from skerry_agent.operator.oracle_folder import OracleFolder
from skerry_client.paths import Paths
from skerry_core.clock import Clock
from skerry_core.errors import NotFoundError, RefusedError
from skerry_core.files import PUBLIC_MODE, write_atomic
from skerry_coverage.manifest import Manifest
from skerry_keys.public_key import PublicKey
from skerry_keys.signer import Signer
from skerry_oracle.epochs.counter import Findings, recompute
from skerry_oracle.epochs.driver import MANIFEST_DOMAIN
from skerry_oracle.epochs.evidence import EpochEvidence
from skerry_oracle.network import OracleNetwork

__all__ = ["Seat"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """One oracle's place among the signers of a network."""

    network: OracleNetwork
    signer: Signer = field(repr=False)
    folder: Path

    @classmethod
    def of(cls, paths: Paths, *, clock: Clock) -> "Seat":
        """Return the seat of `skerry oracle init`'s oracle, else of the agent's own operator.

        Raises `NotFoundError` E_NO_ORACLE, other `UserError` for broken files.
        """
        own = OracleFolder.of(paths)
        if own.settings.exists():
            return cls(network=own.network(at_s=clock.wall_s()), signer=own.signer(), folder=own.path)
        operator = OperatorFolder(paths.state / "operator")
        if not operator.exists:
            own.read()  # says that there is none, and how to make one
            raise NotFoundError("E_NO_ORACLE", f"There is no oracle in {own.path}.")
        profile = profile_of(operator.read())
        network = OracleNetwork.of_profile(profile, at_s=clock.wall_s())
        return cls(network=network, signer=operator.key("oracle"), folder=operator.path)

    async def sign(self, evidence: EpochEvidence, *, clock: Clock) -> tuple[EpochEvidence, Findings]:
        """Judge the epoch again and return the evidence with our signature, and what was checked.

        Raises `RefusedError` as `recompute`, E_NOT_AN_ORACLE, E_SIGNED_OTHER (one epoch has one manifest, for ever).
        """
        if self.signer.public_key not in self.network.oracle_keys:
            raise RefusedError(
                "E_NOT_AN_ORACLE",
                f"The profile does not name {PublicKey.from_binary(self.signer.public_key).address} among the oracles.",
                remedy="Set all oracles' keys: skerry oracle signers --needed M KEY...",
            )
        stated = Manifest.from_bytes(evidence.manifest)
        # Whether the tokens are worth anything is the paying network's word; it is part of what is signed.
        rules = replace(self.network, test_tokens=stated.content.get("test_tokens") is True)
        findings = await recompute(evidence, rules, clock=clock, random_bytes=os.urandom)
        self._check_history(stated)
        signature = await asyncio.to_thread(
            self.signer.sign_evidence, MANIFEST_DOMAIN, self.network.network, stated.hash
        )
        self._remember(stated)
        return evidence.with_signature(self.signer.public_key, signature), findings

    def _check_history(self, stated: Manifest) -> None:
        signed, before = self._signed(stated.epoch), self._signed(stated.epoch - 1)
        if signed not in (None, stated.hash.hex()):
            raise RefusedError("E_SIGNED_OTHER", f"This oracle has signed another manifest for epoch {stated.epoch}.")
        if before not in (None, stated.content.get("previous")):
            raise RefusedError(
                "E_SIGNED_OTHER",
                f"The manifest does not follow the one that this oracle signed for {stated.epoch - 1}.",
            )

    def _signed(self, epoch: int) -> str | None:
        file = self.folder / "signed" / str(epoch)
        return file.read_text().strip() if file.exists() else None

    def _remember(self, stated: Manifest) -> None:
        (self.folder / "signed").mkdir(mode=0o700, exist_ok=True)
        write_atomic(self.folder / "signed" / str(stated.epoch), stated.hash.hex().encode(), mode=PUBLIC_MODE)
