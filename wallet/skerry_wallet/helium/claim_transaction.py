"""A complete hotspot claim: what the oracles signed, put before the program, then the distribution (sheet 1.6)."""

from collections.abc import Sequence
from dataclasses import dataclass

from skerry_wallet.helium import idl, native
from skerry_wallet.helium.addresses import lazy_distributor
from skerry_wallet.helium.ed25519_program import ed25519_instruction
from skerry_wallet.helium.errors import HeliumRejected
from skerry_wallet.helium.fees import LAMPORTS_PER_SIGNATURE, priority_lamports
from skerry_wallet.helium.instruction import Instruction
from skerry_wallet.helium.instructions import build_instruction

__all__ = ["ClaimTarget", "Leaf", "OracleAttestation", "attestation_message", "claim_fee", "claim_instructions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """Where a compressed hotspot NFT stands in its Merkle tree."""

    merkle_tree: str
    data_hash: bytes
    creator_hash: bytes
    root: bytes
    index: int
    proof: tuple[str, ...]
    canopy_depth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimTarget:
    """The hotspot whose rewards are claimed; `destination` None pays the owner."""

    payer: str
    owner: str
    token: str
    asset: str
    entity_key: str
    leaf: Leaf
    recipient_exists: bool
    destination: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OracleAttestation:
    """One oracle's signed lifetime value: the 82 message bytes and the signature over them."""

    oracle: str
    signature: bytes
    message: bytes


def attestation_message(*, token: str, asset: str, oracle_index: int, current_rewards: int) -> bytes:
    """Return the bytes that an oracle signs for a claim (SetCurrentRewardsTransactionV0)."""
    return idl.encode_account(
        "SetCurrentRewardsTransactionV0",
        {
            "lazy_distributor": lazy_distributor(token).address,
            "oracle_index": oracle_index,
            "current_rewards": current_rewards,
            "asset": asset,
        },
    )


def claim_instructions(
    target: ClaimTarget, attestations: Sequence[OracleAttestation], *, cu_limit: int, cu_price: int
) -> list[Instruction]:
    """Return the claim's instructions in the order the programs insist on.

    Raises `HeliumRejected` wrong_attestation when an oracle signed something else than a value of this asset and
    distributor, or as the builders do.
    """
    inputs = _inputs(target)
    instructions = [native.set_compute_unit_limit(cu_limit), native.set_compute_unit_price(cu_price)]
    if not target.recipient_exists:
        instructions.append(build_instruction("lazy_distributor.initialize_compression_recipient_v0", inputs))
    for attestation in attestations:
        index, rewards = _attested(target, attestation.message)
        instructions.append(
            ed25519_instruction(signer=attestation.oracle, signature=attestation.signature, message=attestation.message)
        )
        values = {"oracle_index": index, "current_rewards": rewards}
        instructions.append(build_instruction("rewards_oracle.set_current_rewards_wrapper_v2", inputs | values))
    variant = "compression_rewards" if target.destination is None else "custom_destination"
    instructions.append(build_instruction(f"lazy_distributor.distribute_{variant}_v0", inputs))
    return instructions


def claim_fee(oracles: int, *, cu_limit: int, cu_price: int) -> int:
    """Return the lamports a claim costs besides rent: the payer's and each oracle's signature, and the priority fee."""
    return LAMPORTS_PER_SIGNATURE * (1 + oracles) + priority_lamports(cu_limit, cu_price)


def _attested(target: ClaimTarget, message: bytes) -> tuple[int, int]:
    fields = idl.decode_account(message, "SetCurrentRewardsTransactionV0").fields
    expected = attestation_message(
        token=target.token,
        asset=target.asset,
        oracle_index=fields["oracle_index"],
        current_rewards=fields["current_rewards"],
    )
    if message != expected:
        raise HeliumRejected("wrong_attestation", "the oracle signed for another asset or distributor")
    return fields["oracle_index"], fields["current_rewards"]


def _inputs(target: ClaimTarget) -> dict[str, object]:
    leaf = target.leaf
    return {
        "payer": target.payer,
        "owner": target.owner,
        "token": target.token,
        "asset": target.asset,
        "entity_key": target.entity_key,
        "destination": target.destination,
        "merkle_tree": leaf.merkle_tree,
        "data_hash_hex": leaf.data_hash.hex(),
        "creator_hash_hex": leaf.creator_hash.hex(),
        "root_hex": leaf.root.hex(),
        "index": leaf.index,
        "proof": leaf.proof,
        "canopy_depth": leaf.canopy_depth,
    }
