"""The owner wallets of a folder, by name."""

import secrets

from skerry_client.paths import Paths
from skerry_core.errors import NotFoundError
from skerry_wallet.keyfile.kdf import machine_memory_bytes
from skerry_wallet.keyfile.owner import OwnerWallet, OwnerWallets

__all__ = ["find_wallet", "named_wallet", "owner_wallets"]


def owner_wallets(paths: Paths) -> OwnerWallets:
    """Return the wallets beside the gateway's key, so that every backup of the keys has them too."""
    return OwnerWallets(directory=paths.keys, random_bytes=secrets.token_bytes, memory_bytes=machine_memory_bytes())


def find_wallet(paths: Paths, name: str) -> OwnerWallet | None:
    """Return a wallet by its name, None when there is none."""
    return next((one for one in owner_wallets(paths).entries() if one.name == name), None)


def named_wallet(paths: Paths, name: str) -> OwnerWallet:
    """Return a wallet by its name. Raises `NotFoundError` E_WALLET_UNKNOWN."""
    found = find_wallet(paths, name)
    if found is None:
        raise NotFoundError(
            "E_WALLET_UNKNOWN",
            f"There is no wallet {name} here.",
            remedy="See `skerry wallet list`.",
            params={"name": name},
        )
    return found
