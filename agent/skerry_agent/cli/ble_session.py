"""What the verbs of `skerry ble` share: one connection to a hotspot, and its errors as people read them."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import click

from skerry_agent.cli.context import show, table
from skerry_core.errors import UserError

if TYPE_CHECKING:
    from skerry_firmware_bridge.ble.hotspot import Hotspot

__all__ = ["hotspot_argument", "readable_errors", "scan_option", "show_pairs", "with_hotspot"]

T = TypeVar("T")

hotspot_argument = click.argument("hotspot_address", metavar="ADDRESS")  # --address is the agent's
scan_option = click.option(
    "--scan-s", type=click.FloatRange(0.1, 120), default=8.0, show_default=True, help="How long to listen, in seconds."
)


def with_hotspot(address: str, ask: Callable[["Hotspot"], Awaitable[T]], *, scan_s: float) -> T:
    """Connect, ask, disconnect. Raises `UserError` E_BLE_*."""
    from skerry_core.clock import SystemClock
    from skerry_firmware_bridge.ble.hotspot import connect_hotspot

    place = address.strip().removeprefix("ble:")  # as `skerry devices scan` writes it

    async def main() -> T:
        async with connect_hotspot(place, clock=SystemClock(), scan_s=scan_s) as hotspot:
            return await ask(hotspot)

    with readable_errors():
        return asyncio.run(main())


@contextmanager
def readable_errors() -> Iterator[None]:
    """Turn the device side's errors into ones that people read."""
    from skerry_firmware_bridge.ble.connection import NotOffered
    from skerry_firmware_bridge.ble.outcomes import HotspotAnswered, outcome
    from skerry_firmware_bridge.errors import BridgeError, DeviceTimeout, LinkLost, LinkRefused, ModuleRefused

    try:
        yield
    except LinkRefused as error:
        raise UserError(error.code, error.detail, remedy=error.remedy) from error
    except HotspotAnswered as error:
        sentence, remedy = outcome(error.what, error.text)
        raise UserError("E_BLE_ANSWER", sentence, remedy=remedy, params={"answer": error.text}) from error
    except NotOffered as error:
        remedy = "Makers and versions differ; its firmware cannot do this."
        raise UserError("E_BLE_NOT_OFFERED", f"{str(error).capitalize()}.", remedy=remedy) from error
    except ModuleRefused as error:
        remedy = "Restart the hotspot and try again."
        raise UserError("E_BLE_ANSWER", f"The hotspot refused: {error}.", remedy=remedy) from error
    except LinkLost as error:
        remedy = "Go nearer and try again."
        raise UserError("E_BLE_LOST", f"The connection is lost: {error}.", remedy=remedy) from error
    except DeviceTimeout as error:
        remedy = "Restart the hotspot if it stays silent, and try again."
        raise UserError("E_BLE_TIMEOUT", f"The hotspot is silent: {error}.", remedy=remedy) from error
    except BridgeError as error:
        remedy = "Restart the hotspot and try again; if it stays so, its firmware speaks another protocol."
        raise UserError("E_BLE_ANSWER", f"The hotspot's answer makes no sense: {error}.", remedy=remedy) from error


def show_pairs(pairs: dict[str, T], *, as_json_: bool) -> None:
    """Print names and values."""
    show(pairs, json_wanted=as_json_, text=lambda: table(("what", "value"), pairs.items()))
