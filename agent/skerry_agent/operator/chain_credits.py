"""Who pays for packets in an operator's own network: the operator's data payer, with its balance on the chain."""

from skerry_agent.operator.treasury import Treasury
from skerry_oracle.store.packets import PacketTable
from skerry_wallet.tokens import token_balances
from skerry_wallet.transaction import signer_key

__all__ = ["DATA_PAYER", "ChainCredits", "ClosedCredits"]

DATA_PAYER = "data payer"


class ChainCredits:
    """A `CreditSource`: one payer for all organisations, whose credits are burned with each epoch's payout."""

    def __init__(self, treasury: Treasury, packets: PacketTable) -> None:
        self._treasury = treasury
        self._packets = packets

    def payer_of(self, oui: int) -> str:
        """Return the one payer."""
        return DATA_PAYER

    async def balance_dc(self, payer: str) -> int:
        """Return what it holds on the chain. Raises `ClusterError`."""
        treasury = self._treasury
        mint = treasury.tokens.tokens[treasury.credits.token_name].mint
        (held,) = await token_balances(treasury.cluster, mint, [signer_key(treasury.data_payer)])
        return held.amount

    async def pending_dc(self, payer: str) -> int:
        """Return the packets of epochs that are not paid yet."""
        return await self._packets.unburned()


class ClosedCredits:
    """A `CreditSource` while no agent runs: the chain stays closed, nothing is carried and nobody is charged."""

    def payer_of(self, oui: int) -> None:
        """Return nobody."""

    async def balance_dc(self, payer: str) -> int:
        """Nobody's balance is asked for."""
        raise AssertionError("nobody pays here")

    async def pending_dc(self, payer: str) -> int:
        """Nobody's use is asked for."""
        raise AssertionError("nobody pays here")
