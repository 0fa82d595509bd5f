"""The TCP port that Basic Stations connect to; opened by the agent's server and by a device scan."""

from aiohttp import web

from skerry_firmware_bridge.errors import LinkRefused

__all__ = ["listen"]


async def listen(runner: web.AppRunner, address: tuple[str, int]) -> None:
    """Serve an application that is set up. Raises `LinkRefused` E_STATION_BIND; the runner is cleaned up then."""
    try:
        await web.TCPSite(runner, *address).start()
    except OSError as error:
        await runner.cleanup()
        raise LinkRefused(
            "E_STATION_BIND",
            f"Cannot listen for Basic Stations on {address[0]} port {address[1]}: {error.strerror}.",
            remedy="Stop what listens there, or set another port in station.listen.",
        ) from error
