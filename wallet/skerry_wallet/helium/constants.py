"""Well-known addresses: programs besides the twelve of the registry, mints, sysvars (wallet-economics 1.1)."""

__all__ = [
    "ASSOCIATED_TOKEN_PROGRAM",
    "BUBBLEGUM_PROGRAM",
    "COMPRESSION_PROGRAM",
    "COMPUTE_BUDGET_PROGRAM",
    "DECIMALS",
    "ECC_VERIFIER",
    "ED25519_PROGRAM",
    "GOVERNANCE_PROGRAM",
    "HNT_USD_FEED_HEX",
    "MINTS",
    "NOOP_PROGRAM",
    "PUSH_ORACLE_PROGRAMS",
    "REALM_NAMES",
    "SYSTEM_PROGRAM",
    "SYSVAR_INSTRUCTIONS",
    "TOKEN_METADATA_PROGRAM",
    "TOKEN_PROGRAM",
    "TUKTUK_PROGRAM",
    "WRAPPED_SOL_MINT",
    "mint",
]

from skerry_wallet.helium.errors import HeliumRejected

SYSTEM_PROGRAM = "11111111111111111111111111111111"
TOKEN_PROGRAM = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"  # noqa: S105 - a public address
ASSOCIATED_TOKEN_PROGRAM = "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL"  # noqa: S105 - a public address
COMPUTE_BUDGET_PROGRAM = "ComputeBudget111111111111111111111111111111"
ED25519_PROGRAM = "Ed25519SigVerify111111111111111111111111111"
SYSVAR_INSTRUCTIONS = "Sysvar1nstructions1111111111111111111111111"
TUKTUK_PROGRAM = "tuktukUrfhXT6ZT77QTU8RQtvgL967uRuVagWF57zVA"
BUBBLEGUM_PROGRAM = "BGUMAp9Gq7iTEuizy4pqaxsTyUCBK68MDfK752saRPUY"
COMPRESSION_PROGRAM = "cmtDvXumGCrqC1Age74AVPhSRVXJMd8PJS91L8KbNCK"
NOOP_PROGRAM = "noopb9bkMVfRPU8AsbpTUg8AQkHtKwMYZiFUjNRtMmV"
TOKEN_METADATA_PROGRAM = "metaqbxxUerdq28cj1RbAWkYQm3ybzjb6a8bt518x1s"  # noqa: S105 - a public address
GOVERNANCE_PROGRAM = "hgovkRU6Ghe1Qoyb54HdSLdqN7VtxaifBzRmh9jtd3S"
PUSH_ORACLE_PROGRAMS = {
    "current": "pyt2F414BA6dPttK6RddPZUdHfapoBN24GL5wbrPCou",
    "legacy": "pythWSnswVUd12oZpeFP8e9CVaEqJg25g1Vtc2biRsT",
}
ECC_VERIFIER = "eccSAJM3tq7nQSpQTm8roxv4FPoipCkMsGizW2KBhqZ"
WRAPPED_SOL_MINT = "So11111111111111111111111111111111111111112"
HNT_USD_FEED_HEX = "649fdd7ec08e8e2a20f425729854e90293dcbe2376abc47197a14da6ff339756"

MINTS = {
    "hnt": "hntyVP6YFm1Hg25TN9WGLqM12b8TQmcknKrdu1oxWux",
    "iot": "iotEVVZLEywoTn1QdwNPddxPWszn3zFhEot3MfL9fns",
    "mobile": "mb1eu7TzEc71KxDpsmsKoucSSuuoGLv1drys1oP2jh6",
    "dc": "dcuc8Amr83Wz27ZkQ2K9NS6r8zRpf1J6cvArEBDZDmm",
}
DECIMALS = {"hnt": 8, "iot": 6, "mobile": 6, "dc": 0}
REALM_NAMES = {"hnt": "Helium", "mobile": "Helium MOBILE", "iot": "Helium IOT"}


def mint(token: str) -> str:
    """Return the mint of a token by its lower-case name. Raises `HeliumRejected` unknown_token."""
    if token not in MINTS:
        raise HeliumRejected("unknown_token", token)
    return MINTS[token]
