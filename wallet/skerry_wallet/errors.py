"""What can go wrong between the wallet and a chain, or with a payment.

Tree::

    UserError
      ClusterError              the cluster did not do what was asked
        ClusterUnavailable      no answer in time, no connection, or the chain's process died: try again later
        ClusterNonsense         an answer that no honest cluster gives; nothing was concluded from it
        WrongCluster            the genesis hash is another one
        TransactionRejected     the cluster refuses the transaction; it took no effect through this request
        ChainDamaged            files of the embedded chain contradict each other; a person must decide
        ChainInUse              another process has the embedded chain open
    RefusedError
      PayoutRefused             a rule of the payer forbids the payment; nothing was signed
      InsufficientFunds         not enough SOL or tokens, said before signing
    ValueError
      MalformedTransaction      bytes that are no Solana transaction
        UnknownVersion          of a message version that nobody here can read
"""

from collections.abc import Sequence

from skerry_core.errors import RefusedError, UserError

__all__ = [
    "ChainDamaged",
    "ChainInUse",
    "ClusterError",
    "ClusterNonsense",
    "ClusterUnavailable",
    "InsufficientFunds",
    "MalformedTransaction",
    "PayoutRefused",
    "TransactionRejected",
    "UnknownVersion",
    "WrongCluster",
]


class ClusterError(UserError):
    """The cluster did not do what was asked."""

    http_status = 502


class ClusterUnavailable(ClusterError):
    """No usable answer in time; whether a sent transaction landed is not known."""

    http_status = 503

    def __init__(self, detail: str) -> None:
        super().__init__("E_CLUSTER_UNAVAILABLE", detail, remedy="Check the cluster's address and try again.")


class ClusterNonsense(ClusterError):
    """An answer that contradicts the protocol; `method` is the call that got it."""

    def __init__(self, method: str, problem: str) -> None:
        super().__init__(
            "E_CLUSTER_ANSWER",
            f"The cluster's answer to {method} makes no sense: {problem}.",
            remedy="Use another RPC server; nothing was concluded from the answer.",
            params={"method": method},
        )


class WrongCluster(ClusterError):
    """The server speaks for another chain than the settings name."""

    def __init__(self, *, expected: str, got: str) -> None:
        super().__init__(
            "E_CLUSTER_GENESIS",
            f"The cluster's genesis hash is {got}, expected {expected}.",
            remedy="Check the cluster's address; nothing was sent.",
            params={"expected": expected, "got": got},
        )


class TransactionRejected(ClusterError):
    """The cluster refuses the transaction; `error` is its own term, such as `{"InstructionError": [0, ...]}`."""

    http_status = 422

    def __init__(self, error: object, logs: Sequence[str] = ()) -> None:
        super().__init__("E_TRANSACTION_REJECTED", f"The cluster refuses the transaction: {error}.")
        self.error = error
        self.logs = tuple(logs)


class ChainDamaged(ClusterError):
    """Files of the embedded chain cannot be trusted."""

    def __init__(self, problem: str) -> None:
        super().__init__(
            "E_CHAIN_DAMAGED",
            f"The embedded chain's files are damaged: {problem}.",
            remedy="Restore the chain directory from a backup; it is left as it was found.",
        )


class ChainInUse(ClusterError):
    """Another process has the embedded chain open."""

    http_status = 409

    def __init__(self, directory: str) -> None:
        super().__init__(
            "E_CHAIN_IN_USE",
            f"Another process has the chain in {directory} open.",
            remedy="Stop the other agent or `skerry chain serve` first.",
            params={"directory": directory},
        )


class PayoutRefused(RefusedError):
    """A rule of the payer forbids the payment; nothing was signed."""


class InsufficientFunds(RefusedError):
    """The account that must pay holds less than needed; amounts in base units (lamports for SOL)."""

    def __init__(self, *, account: str, asset: str, needed: int, held: int) -> None:
        super().__init__(
            "E_INSUFFICIENT_FUNDS",
            f"{account} holds {held} base units of {asset}, {needed} are needed.",
            remedy="Fund the account and try again; nothing was signed.",
            params={"account": account, "asset": asset, "needed": needed, "held": held},
        )


class MalformedTransaction(ValueError):
    """Bytes that are no Solana transaction of a version that we read."""


class UnknownVersion(MalformedTransaction):
    """A message of a version that did not exist when this was written."""
