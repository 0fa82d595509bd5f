"""`rfc2217://` by serialx, without waiting for what ser2net never says; `links.serial` registers it.

ser2net up to 4.6 (Debian 12 has 4.3.11) answers the two state masks with the state itself, never with the
acknowledgement that RFC 2217 asks for. serialx waits for that until its time to open is over. We ask for no state, so
nothing is lost by not waiting.
"""

from serialx import register_uri_handler
from serialx.platforms.serial_rfc2217 import RFC2217Serial, RFC2217SerialTransport
from serialx.platforms.serial_rfc2217.types import Rfc2217Command, SetLinestateMaskCmd, SetModemstateMaskCmd

__all__ = ["register"]

_MASKS = (SetLinestateMaskCmd, SetModemstateMaskCmd)


class _Transport(RFC2217SerialTransport):
    async def _send_and_wait(self, cmd: Rfc2217Command) -> Rfc2217Command:
        if isinstance(cmd, _MASKS):
            self._send_command(cmd)
            return cmd
        return await super()._send_and_wait(cmd)


def register() -> None:
    """Let `rfc2217://` open by this; call it once."""
    register_uri_handler(
        scheme="rfc2217://",
        unique_scheme="skerry-rfc2217://",
        sync_cls=RFC2217Serial,
        async_transport_cls=_Transport,
        weight=2,
    )
