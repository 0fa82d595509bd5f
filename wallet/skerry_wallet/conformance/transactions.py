"""Kinds about whole instructions and transactions."""

import hashlib
from typing import Any

from nacl.bindings import crypto_sign, crypto_sign_seed_keypair

from skerry_core.conformance import CaseError, Kind
from skerry_keys import SoftwareSigner, base58_text
from skerry_wallet.conformance.common import Given, Result, by_op, kind
from skerry_wallet.helium import constants, native
from skerry_wallet.helium.address import to_text
from skerry_wallet.helium.claim_transaction import (
    ClaimTarget,
    Leaf,
    OracleAttestation,
    attestation_message,
    claim_fee,
    claim_instructions,
)
from skerry_wallet.helium.ed25519_program import check_ed25519, ed25519_instruction
from skerry_wallet.helium.instruction import AccountMeta, Instruction
from skerry_wallet.helium.instructions import build_instruction
from skerry_wallet.helium.transaction import Lookup, LookupTable, SignedTransaction, compile_message, sign_message
from skerry_wallet.helium.transaction_decode import decode_transaction

__all__ = ["KINDS"]

_NATIVE = {
    "system.transfer": lambda given: native.system_transfer(
        source=given["from"], to=given["to"], lamports=given["lamports"]
    ),
    "spl_token.transfer_checked": lambda given: native.transfer_checked(
        owner=given["owner"], to=given["to"], token=given["token"], amount=given["amount"]
    ),
    "spl_token.burn_checked": lambda given: native.burn_checked(
        owner=given["owner"], token=given["token"], amount=given["amount"]
    ),
    "associated_token.create_idempotent": lambda given: native.create_ata_idempotent(
        payer=given["payer"], owner=given["owner"], token=given["token"]
    ),
    "compute_budget.set_compute_unit_limit": lambda given: native.set_compute_unit_limit(given["units"]),
    "compute_budget.set_compute_unit_price": lambda given: native.set_compute_unit_price(given["micro_lamports"]),
}


def _instruction(given: Given) -> Result:
    name = given["instruction"]
    built = _NATIVE[name](given) if name in _NATIVE else build_instruction(name, given)
    return {
        "program": built.program,
        "data_hex": built.data.hex(),
        "accounts": [
            {"address": account.address, "signer": account.signer, "writable": account.writable}
            for account in built.accounts
        ],
    }


def _seed_sign(seed: bytes, message: bytes) -> tuple[str, bytes]:
    """A case's stand-in for a reward oracle, whose keys no Signer of ours holds."""
    public, secret = crypto_sign_seed_keypair(seed)
    return to_text(public), bytes(crypto_sign(message, secret)[:64])


def _build_ed25519(given: Given) -> Result:
    message = bytes.fromhex(given["message_hex"])
    signer, signature = _seed_sign(bytes.fromhex(given["seed_hex"]), message)
    data = ed25519_instruction(signer=signer, signature=signature, message=message).data
    return {"program": constants.ED25519_PROGRAM, "data_hex": data.hex()}


def _check_ed25519(given: Given) -> Result:
    return {"message_hex": check_ed25519(bytes.fromhex(given["data_hex"]), given["signer"]).hex()}


def _tables(given: Given) -> list[LookupTable]:
    return [LookupTable(address=t["address"], addresses=tuple(t["addresses"])) for t in given["lookup_tables"]]


def _transaction(given: Given) -> Result:
    instructions = [
        Instruction(
            program=one["program"],
            data=bytes.fromhex(one["data_hex"]),
            accounts=tuple(
                AccountMeta(account["address"], signer=account["signer"], writable=account["writable"])
                for account in one["accounts"]
            ),
        )
        for one in given["instructions"]
    ]
    compiled = compile_message(
        payer=given["payer"],
        instructions=instructions,
        blockhash=given["blockhash"],
        lookup_tables=_tables(given),
    )
    signed = sign_message(compiled, [SoftwareSigner.from_seed(bytes.fromhex(s)) for s in given["signer_seeds_hex"]])
    return {
        "transaction_hex": signed.transaction.hex(),
        "signatures": [base58_text.encode(signature) for signature in signed.signatures],
        "header": list(compiled.header),
        "static_keys": list(compiled.static_keys),
        "lookups": _lookups(compiled.lookups),
    }


def _lookups(lookups: tuple[Lookup, ...]) -> list[dict[str, Any]]:
    return [
        {
            "table": lookup.table,
            "writable_indexes": list(lookup.writable_indexes),
            "readonly_indexes": list(lookup.readonly_indexes),
        }
        for lookup in lookups
    ]


def _claim_transaction(given: Given) -> Result:
    payer = SoftwareSigner.from_seed(bytes.fromhex(given["payer_seed_hex"]))
    signed = _signed_claim(given, payer)
    return {
        "length": len(signed.transaction),
        "static_keys": len(signed.compiled.static_keys),
        "header": list(signed.compiled.header),
        "sha256_hex": hashlib.sha256(signed.transaction).hexdigest(),
        "signature": base58_text.encode(signed.signatures[0]),
        "transaction_hex": signed.transaction.hex(),
        "fee_lamports": claim_fee(len(given["oracles"]), cu_limit=given["cu_limit"], cu_price=given["cu_price"]),
    }


def _signed_claim(given: Given, payer: SoftwareSigner) -> SignedTransaction:
    target = ClaimTarget(
        payer=to_text(payer.public_key[1:]),
        owner=given["owner"],
        token=given["token"],
        asset=given["asset"],
        entity_key=given["entity_key"],
        leaf=Leaf(
            merkle_tree=given["merkle_tree"],
            data_hash=bytes.fromhex(given["data_hash_hex"]),
            creator_hash=bytes.fromhex(given["creator_hash_hex"]),
            root=bytes.fromhex(given["root_hex"]),
            index=given["index"],
            proof=tuple(given["proof"]),
            canopy_depth=given["canopy_depth"],
        ),
        recipient_exists=given["recipient_exists"],
        destination=given["destination"],
    )
    attestations = [_attest(given, oracle) for oracle in given["oracles"]]
    instructions = claim_instructions(target, attestations, cu_limit=given["cu_limit"], cu_price=given["cu_price"])
    compiled = compile_message(
        payer=target.payer,
        instructions=instructions,
        blockhash=given["blockhash"],
        lookup_tables=_tables(given),
    )
    return sign_message(compiled, [payer])


def _attest(given: Given, oracle: Given) -> OracleAttestation:
    message = attestation_message(
        token=given["token"],
        asset=given["asset"],
        oracle_index=oracle["index"],
        current_rewards=oracle["current_rewards"],
    )
    address, signature = _seed_sign(bytes.fromhex(oracle["seed_hex"]), message)
    return OracleAttestation(oracle=address, signature=signature, message=message)


def _transaction_decode(given: Given) -> Result:
    decoded = decode_transaction(bytes.fromhex(given["transaction_hex"]))
    return {
        "version": decoded.version,
        "num_required_signatures": decoded.header[0],
        "num_readonly_signed": decoded.header[1],
        "num_readonly_unsigned": decoded.header[2],
        "static_keys": list(decoded.static_keys),
        "blockhash": decoded.blockhash,
        "instructions": [
            {
                "program_index": one.program_index,
                "account_indexes": list(one.account_indexes),
                "data_hex": one.data.hex(),
            }
            for one in decoded.instructions
        ],
        "lookups": _lookups(decoded.lookups),
        "signatures": [base58_text.encode(signature) for signature in decoded.signatures],
        "signatures_valid": list(decoded.signatures_valid),
    }


def _too_large(run: Kind) -> Kind:
    """A claim's only error term is `too_large`; other refusals are this implementation's failures."""

    def checked(given: Given) -> Result:
        try:
            return run.run(given)
        except CaseError as error:
            if error.reason == "too_large":
                raise
            raise ValueError(error.reason) from error

    return Kind(run=checked)


KINDS: dict[str, Kind] = {
    "wallet.instruction": kind(_instruction),
    "wallet.ed25519": by_op(build=_build_ed25519, check=_check_ed25519),
    "wallet.transaction": kind(_transaction),
    "wallet.claim_transaction": _too_large(kind(_claim_transaction)),
    "wallet.transaction_decode": kind(_transaction_decode),
}
