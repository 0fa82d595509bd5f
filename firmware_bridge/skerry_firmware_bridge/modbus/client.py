"""pymodbus's clients as this program needs them: no retries of their own, no log lines, nothing fatal in junk.

`modbus.bus` connects and shares them.
"""

import errno
import logging
import os
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from skerry_firmware_bridge.errors import LinkRefused
from skerry_firmware_bridge.links.refusal import explain
from skerry_firmware_bridge.links.settings import SerialSettings

if TYPE_CHECKING:
    from pymodbus.client.base import ModbusBaseClient

__all__ = ["SCHEME_RTU", "SCHEME_TCP", "new_client", "refusal"]

DEFAULT_TCP_PORT = 502
SCHEME_TCP, SCHEME_RTU = "modbus-tcp://", "modbus-rtu://"


def new_client(
    url: str, line: SerialSettings, *, timeout_s: float, on_change: Callable[[bool], None]
) -> "ModbusBaseClient":
    """Make a client for a bus, not connected yet; `on_change` hears when it is and is no more. Raises `LinkRefused`."""
    import_module("serial")  # pymodbus looks whether somebody has imported it
    from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient

    # each unanswered request would be an error line; what matters is told by the supervisor, once
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    client: ModbusBaseClient
    # our supervisor reconnects, and our loop retries: the client must do neither
    if (place := _tcp_place(url)) is not None:
        client = AsyncModbusTcpClient(
            place[0],
            port=place[1],
            timeout=timeout_s,
            retries=0,
            reconnect_delay=0,
            trace_connect=on_change,
        )
    elif url.startswith(SCHEME_RTU) and url != SCHEME_RTU:
        client = AsyncModbusSerialClient(
            url.removeprefix(SCHEME_RTU),
            baudrate=line.baudrate,
            bytesize=line.byte_size,
            parity=line.parity,
            timeout=timeout_s,
            retries=0,
            reconnect_delay=0,
            trace_connect=on_change,
        )
    else:
        remedy = "Use modbus-tcp://HOST:PORT or modbus-rtu:///dev/PORT."
        raise LinkRefused("E_MODBUS_URL", f"{url} is no Modbus address.", remedy=remedy)
    client.ctx.callback_data = _tolerant(client.ctx.callback_data)  # type: ignore[method-assign]
    return client


def refusal(url: str) -> LinkRefused:
    """Find out why a bus cannot be opened; pymodbus only says that it cannot. Blocks: call it off the event loop."""
    if url.startswith(SCHEME_TCP):
        return LinkRefused(
            "E_MODBUS_CONNECT",
            f"Nothing accepts connections at {url}.",
            remedy="Check that the device is on, that Modbus TCP is switched on in it, and its address and port.",
        )
    path = url.removeprefix(SCHEME_RTU)
    try:
        descriptor = os.open(path, os.O_RDWR | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        return explain(path, error)
    try:
        return explain(path, _lock_error(descriptor) or OSError(errno.EIO, os.strerror(errno.EIO)))
    finally:
        os.close(descriptor)


def _tcp_place(url: str) -> tuple[str, int] | None:
    """Return host and port of a TCP bus, None for anything else."""
    try:
        parts = urlsplit(url)
        place = (parts.hostname, parts.port or DEFAULT_TCP_PORT)
    except ValueError:  # a port beyond 65535, a broken IPv6 address
        return None
    return (place[0], place[1]) if place[0] and url.startswith(SCHEME_TCP) else None


def _tolerant(decode: Callable[..., int]) -> Callable[..., int]:
    """Make pymodbus drop what it cannot decode; its error would close the connection and fill the log."""

    def guarded(data: bytes, addr: tuple[Any, ...] | None = None) -> int:
        try:
            return decode(data, addr=addr)
        except Exception:  # noqa: BLE001 - whatever a library makes of hostile bytes: the request is asked again
            return len(data)

    return guarded


def _lock_error(descriptor: int) -> OSError | None:
    """Return why the port cannot be had alone, None where that is not the trouble (or cannot be told)."""
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ImportError:
        return OSError(errno.EBUSY, "in use")
    try:
        flock(descriptor, LOCK_EX | LOCK_NB)
    except OSError as error:
        return error
    return None
