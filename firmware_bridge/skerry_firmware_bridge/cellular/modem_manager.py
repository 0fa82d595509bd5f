"""A modem that ModemManager owns, as a device: what `modem` reads over AT is read over D-Bus, beside its connection.

`drivers` names it. Nothing of the modem is changed: it is not switched on, unlocked, connected or located. One setting
of ModemManager is: how often it measures the signal, because without it there is no level in dBm. It is set only where
nobody has set it, once, and taken back at the end; the option `measure_s=0` leaves it alone.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from skerry_core.clock import NS_PER_S, Clock, io_timeout
from skerry_firmware_bridge.cellular.cells import Cells
from skerry_firmware_bridge.cellular.modem_manager_bus import ManagerBus, open_manager
from skerry_firmware_bridge.cellular.modem_manager_values import ManagedModem, readings
from skerry_firmware_bridge.cellular.readings import LastKnown, cell_name
from skerry_firmware_bridge.device import DeviceConfig, Session, Surroundings, Values
from skerry_firmware_bridge.errors import BridgeError, DeviceTimeout, LinkLost, LinkRefused

__all__ = ["ANY", "ManagedModemSession", "open_managed_modem"]

ANY = "any"
POLL_S = 2.0  # reading what ModemManager knows costs the modem nothing
MEASURE_S = 5
CELLS_PAUSE_S = 10  # the modem itself is asked for cells; a level of theirs is no older than what is called fresh
CLOSE_LIMIT_S = 1.0
OFF = frozenset({"disabled", "disabling"})
ON = frozenset({"enabled", "searching", "registered", "disconnecting", "connecting", "connected"})
FAILURES = {
    "sim_missing": ("it has no SIM", "Insert a SIM"),
    "sim_error": ("its SIM cannot be used", "Try the SIM in a telephone"),
    "esim_without_profiles": ("its eSIM has no profile", "Load a profile into its eSIM"),
}


@asynccontextmanager
async def open_managed_modem(config: DeviceConfig, around: Surroundings) -> AsyncIterator["ManagedModemSession"]:
    """Find the modem with the IMEI `config.url`, or the only one for `any`. Raises `BridgeError`."""
    bus = config.options.get("bus")
    async with open_manager(None if bus is None else str(bus)) as manager:
        session = ManagedModemSession(
            manager,
            config.url,
            clock=around.clock,
            interval_s=float(config.options.get("poll_s", POLL_S)),
            measure_s=int(config.options.get("measure_s", MEASURE_S)),
        )
        try:
            yield session
        finally:
            await session.close()


class ManagedModemSession(Session):
    """One modem at one object path; at another one it is found by a new session."""

    def __init__(
        self, manager: ManagerBus, place: str, *, clock: Clock, interval_s: float = POLL_S, measure_s: int = MEASURE_S
    ) -> None:
        self.interval_s = interval_s
        self._manager = manager
        self._place = place
        self._clock = clock
        self._measure_s = measure_s
        self._asked = False
        self._last = LastKnown(clock)
        self._tells_cells = True
        self._cells: Cells | None = None
        self._cells_ns: int | None = None

    async def identify(self) -> Values:
        modem = _chosen(await self._manager.modems(), self._place)
        self._manager.watched = modem.path
        _must_work(modem)
        return modem.identity

    async def read(self) -> Values:
        modem = await self._modem()
        _must_work(modem)
        await self._measure(modem)
        cells = await self._fresh_cells(modem)
        values = readings(modem, cells)
        return values | self._last.aged(values, cell_name(values, detailed=cells is not None))

    async def watch(self) -> None:
        await self._manager.watch()

    async def keep_alive(self) -> None:
        await self._modem()

    async def close(self) -> None:
        """End the measuring that this session has begun, unless somebody has changed it since."""
        if not self._asked:
            return
        with suppress(BridgeError, TimeoutError):
            async with io_timeout(CLOSE_LIMIT_S):
                modem = await self._modem()
                if modem.rate_s == self._measure_s:
                    await self._manager.measure(modem.path, every_s=0)

    async def _modem(self) -> ManagedModem:
        modem = next((one for one in await self._manager.modems() if one.path == self._manager.watched), None)
        if modem is None:
            raise LinkLost("ModemManager no longer has the modem")
        return modem

    async def _measure(self, modem: ManagedModem) -> None:
        """Have the signal measured where nobody has; who may not ask for it sees the quality in percent only."""
        if self._measure_s and modem.state in ON and not modem.is_measured and not self._asked:
            self._asked = True  # once: on a desktop polkit may ask a person, who need not answer in time
            with suppress(LinkRefused, DeviceTimeout):
                await self._manager.measure(modem.path, every_s=self._measure_s)

    async def _fresh_cells(self, modem: ManagedModem) -> Cells | None:
        if modem.state not in ON or not self._tells_cells:
            return None
        now_ns = self._clock.monotonic_ns()
        if self._cells_ns is None or now_ns - self._cells_ns >= CELLS_PAUSE_S * NS_PER_S:
            self._cells, self._cells_ns = None, now_ns
            try:
                self._cells = await self._manager.cells(modem.path)
            except DeviceTimeout:
                pass  # the modem is busy
            except LinkRefused as error:
                self._tells_cells = error.code != "E_MM_FORBIDDEN"  # by default only root may ask
        return self._cells


def _chosen(modems: list[ManagedModem], place: str) -> ManagedModem:
    found = [modem for modem in modems if place in (ANY, modem.identifier)]
    if len(found) == 1:
        return found[0]
    others = ", ".join(modem.identifier or "one without an IMEI" for modem in modems) or "none at all"
    if found:
        raise LinkRefused(
            "E_MM_SEVERAL",
            f"ModemManager has several modems that could be {place!r}: {others}.",
            remedy="Name one by its IMEI: modem-manager:IMEI.",
        )
    wanted = "any modem" if place == ANY else f"the modem {place}"
    raise LinkRefused(
        "E_MM_NO_MODEM",
        f"ModemManager does not have {wanted}; it has {others}.",
        remedy="Plug the modem in; after that it takes up to a minute. What there is: skerry devices scan.",
    )


def _must_work(modem: ManagedModem) -> None:
    """Raise `LinkRefused` where the modem is off or has failed; one that waits for its PIN says so as its `sim`."""
    name = modem.identifier or modem.path
    if modem.state in OFF:
        raise LinkRefused(
            "E_MM_DISABLED",
            f"ModemManager has switched the modem {name} off.",
            remedy=f"Switch it on: nmcli radio wwan on - or: sudo mmcli -m {modem.path} --enable",
        )
    if modem.state == "failed":
        why, what = FAILURES.get(
            modem.failure or "", ("it does not say why", "Look at journalctl -u ModemManager -n 50")
        )
        raise LinkRefused(
            "E_MM_FAILED",
            f"ModemManager cannot use the modem {name}: {why}.",
            remedy=f"{what}; then unplug the modem and plug it in again.",
        )
