"""A 5G or LTE modem as a device: identity, registration, signal, cells, carriers, temperature, all by AT.

`drivers` names it; Quectel's own commands are asked only where the maker is Quectel. Missing values are None.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from skerry_core.clock import NS_PER_S, Clock
from skerry_firmware_bridge.cellular.carriers import Carrier, read_carriers
from skerry_firmware_bridge.cellular.cells import Cells, LteCell, Neighbour, NrCell, read_cells
from skerry_firmware_bridge.cellular.engine import AtEngine, CommandFailed, open_engine
from skerry_firmware_bridge.cellular.identity import imei_check_digit, read_operators
from skerry_firmware_bridge.cellular.registration import Registration, is_registered, read_registrations
from skerry_firmware_bridge.cellular.signal import Cesq, Csq, read_signals, read_temperatures
from skerry_firmware_bridge.device import DeviceConfig, Session, Surroundings, Values
from skerry_firmware_bridge.errors import DeviceTimeout, FrameRejected
from skerry_firmware_bridge.links.settings import SerialSettings

__all__ = ["LINE", "ModemSession", "open_modem"]

LINE = SerialSettings(baudrate=115_200)
POLL_S = 2.0
IDENTITY_COMMANDS = {"maker": "AT+CGMI", "model": "AT+CGMM", "firmware": "AT+CGMR", "imei": "AT+CGSN"}
SLOW_TIMEOUT_S = 10.0  # SIM and registration queries, as ModemManager
ATTEMPTS = 3  # queries change nothing; the first answer after opening is often lost in left-over bytes
SIGNALS = ("nr_rsrp_dbm", "lte_rsrp_dbm", "lte_rsrp_bin_dbm", "rssi_dbm")  # the first that is known
SIGNAL_LIFETIME_S = 10  # seconds without a fresh value after which the last one is called stale
LOCATED = ("CREG", "CGREG", "CEREG", "C5GREG")  # in standalone 5G only the last is true
SIM_STATES = {10: "absent", 13: "failure", 14: "busy", 15: "wrong"}


@asynccontextmanager
async def open_modem(config: DeviceConfig, around: Surroundings) -> AsyncIterator["ModemSession"]:
    """Open the AT port and make the modem ready. Raises `BridgeError`."""
    link = await around.open_link(config.url, LINE)
    try:
        async with open_engine(link, clock=around.clock) as engine:
            yield ModemSession(engine, clock=around.clock, interval_s=float(config.options.get("poll_s", POLL_S)))
    finally:
        await link.close()


class ModemSession(Session):
    """One modem behind an AT engine."""

    def __init__(self, engine: AtEngine, *, clock: Clock, interval_s: float = POLL_S) -> None:
        self._clock = clock
        self._last_signal: tuple[int, int] | None = None  # dBm and when
        self._last_cell: tuple[str, int] | None = None
        self._engine = engine
        self.interval_s = interval_s
        self._quectel = False

    async def identify(self) -> Values:
        await self._hello()
        values: Values = dict.fromkeys(IDENTITY_COMMANDS)
        for name, command in IDENTITY_COMMANDS.items():
            values[name] = _one_value(command, await self._try(command))
        values["imei"] = _checked_imei(values["imei"])
        self._quectel = "quectel" in str(values["maker"]).lower()
        return values

    async def read(self) -> Values:
        await self.keep_alive()  # a dead port is known after three short silences, not after three long ones
        values: Values = {"sim": await self._sim()}
        values |= await self._registration()
        values |= _signal(await self._try("AT+CSQ"), await self._try("AT+CESQ"))
        values |= _operator(await self._try("AT+COPS?"))
        if self._quectel:
            values |= await self._quectel_readings()
        return values | self._signal_with_age(values) | self._cell_with_age(values)

    async def watch(self) -> None:
        await self._engine.watch()

    async def keep_alive(self) -> None:
        """Ask for an OK; three silences are a `DeviceTimeout` (serial-devices 4, row 19)."""
        await self._try("AT")

    def _signal_with_age(self, values: Values) -> Values:
        """Return the best signal known and its age: modems leave it out now and then while they change cells."""
        now_ns = self._clock.monotonic_ns()
        fresh = next((value for name in SIGNALS if isinstance(value := values.get(name), int)), None)
        if fresh is not None:
            self._last_signal = (fresh, now_ns)
        if self._last_signal is None:
            return {"signal_dbm": None, "signal_age_s": None, "signal_state": None}
        dbm, seen_ns = self._last_signal
        age_s = (now_ns - seen_ns) // NS_PER_S
        state = "fresh" if age_s < SIGNAL_LIFETIME_S else "stale"
        return {"signal_dbm": dbm, "signal_age_s": age_s, "signal_state": state}

    def _cell_with_age(self, values: Values) -> Values:
        """Return the last cell known to have served and its age; what serves now stands in the values of the cell."""
        now_ns = self._clock.monotonic_ns()
        if (name := _cell_name(values, detailed=self._quectel)) is not None:
            self._last_cell = (name, now_ns)
        if self._last_cell is None:
            return {"last_cell": None, "last_cell_age_s": None}
        name, seen_ns = self._last_cell
        return {"last_cell": name, "last_cell_age_s": (now_ns - seen_ns) // NS_PER_S}

    async def reboot(self) -> None:
        """Restart the modem; its ports go away for 20 to 40 s. The last rung of the recovery ladder."""
        await self._engine.ask("AT+CFUN=1,1", timeout_s=15.0)

    async def _hello(self) -> None:
        for attempt in range(ATTEMPTS):
            try:
                await self._engine.ask("AT")
                break
            except (DeviceTimeout, CommandFailed):
                if attempt == ATTEMPTS - 1:
                    raise
        await self._try("ATE0")
        await self._try("AT+CMEE=1")
        for command in LOCATED:  # with =2 the answers carry area, cell and technology; modems forget it at a restart
            await self._try(f"AT+{command}=2")

    async def _try(self, command: str, *, timeout_s: float = 3.0) -> tuple[str, ...]:
        """Return the reply lines, none where the modem refuses the command; silence is not refusal and is raised."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await self._engine.ask(command, timeout_s=timeout_s)
            except CommandFailed:
                return ()
            except DeviceTimeout:
                if attempt == ATTEMPTS:
                    raise
        return ()

    async def _sim(self) -> str | None:
        for _ in range(ATTEMPTS):
            try:
                lines = await self._engine.ask("AT+CPIN?", timeout_s=SLOW_TIMEOUT_S)
                break
            except CommandFailed as error:
                return SIM_STATES.get(-1 if error.code is None else error.code)
            except DeviceTimeout:
                lines = ()
        states = [line.partition(":")[2].strip().lower() for line in lines if line.startswith("+CPIN:")]
        return states[0] if states else None

    async def _registration(self) -> Values:
        records: list[Registration] = []
        for command in LOCATED:
            lines = await self._try(f"AT+{command}?", timeout_s=SLOW_TIMEOUT_S)
            records += read_registrations("\n".join(lines), solicited=True)
        # in standalone 5G only +C5GREG is true, so any record that says registered counts, the newest system first
        best = next((record for record in reversed(records) if is_registered(record)), records[-1] if records else None)
        names = {"registration": "stat", "access_technology": "act", "tac": "tac", "cell_id": "cell_id"}
        return {name: getattr(best, attribute, None) for name, attribute in names.items()}

    async def _quectel_readings(self) -> Values:
        cells = read_cells(
            [
                *await self._try('AT+QENG="servingcell"'),
                *await self._try('AT+QENG="neighbourcell"'),
            ]
        )
        carriers = read_carriers(await self._try("AT+QCAINFO"))
        temperatures = read_temperatures(await self._try("AT+QTEMP"))
        celsius = [value for _, value in temperatures.sensors] or list(temperatures.plain or ())
        return _cells(cells) | {
            "carriers": len(carriers) or None,
            "carrier_bands": "+".join(map(_band_name, carriers)) or None,
            "bandwidth_mhz": _bandwidth(carriers),
            "temperature_c": max(celsius, default=None),
        }


def _one_value(command: str, lines: Iterable[str]) -> str | None:
    prefix = command.removeprefix("AT") + ":"
    return next((line.removeprefix(prefix).strip(' "') or None for line in lines), None)


def _checked_imei(value: object) -> str | None:
    """Return a whole IMEI with a right check digit; anything else is no identity."""
    text = str(value)
    try:
        return text if len(text) == 15 and imei_check_digit(text) == int(text[-1]) else None
    except FrameRejected:
        return None


def _signal(*replies: tuple[str, ...]) -> Values:
    values: Values = dict.fromkeys(("rssi_dbm", "lte_rsrp_bin_dbm"))
    for record in read_signals([line for lines in replies for line in lines]):
        match record:
            case Csq():
                values["rssi_dbm"] = record.rssi_dbm
            case Cesq():
                values["lte_rsrp_bin_dbm"] = record.rsrp_dbm
    return values


def _operator(lines: tuple[str, ...]) -> Values:
    current = next((operator for operator, _ in map(read_operators, lines) if operator is not None), None)
    if current is None:
        return {"operator": None}
    return {"operator": current.name or "".join(current.plmn or ()) or None}


def _band_name(carrier: Carrier) -> str:
    letter = "n" if carrier.rat == "nr" else "B"
    return f"{letter}{_or_question(carrier.band)}"


def _bandwidth(carriers: list[Carrier]) -> float | None:
    """Return the sum over all carriers, None unless every one of them says its own."""
    known = [carrier.bandwidth_mhz for carrier in carriers if carrier.bandwidth_mhz is not None]
    return float(sum(known)) if known and len(known) == len(carriers) else None


def _cells(cells: Cells) -> Values:
    return (
        _lte_values(cells.lte)
        | _nr_values(cells.nr)
        | {
            "modem_state": cells.state,
            "mode": cells.mode,
            "mcc": next((cell.mcc for cell in (cells.nr, cells.lte) if cell is not None), None),
            "mnc": next((cell.mnc for cell in (cells.nr, cells.lte) if cell is not None), None),
            "neighbours": len(cells.neighbours),
            "neighbour_cells": "; ".join(map(_neighbour_text, cells.neighbours)) or None,
        }
    )


def _neighbour_text(cell: Neighbour) -> str:
    power = "unknown" if cell.rsrp_dbm is None else f"{cell.rsrp_dbm} dBm"
    return f"{cell.rat} {_or_question(cell.channel)}/{_or_question(cell.pci)} {power}"


def _or_question(value: object) -> str:
    return "?" if value is None else str(value)


def _cell_name(values: Values, *, detailed: bool) -> str | None:
    """Return technology, band, channel and physical cell id; of a modem that tells no such details area and cell."""
    for rat, letter, channel in (("nr", "n", "nr_arfcn"), ("lte", "B", "lte_earfcn")):
        if values.get(channel) is not None:
            band, pci = _or_question(values.get(f"{rat}_band")), _or_question(values.get(f"{rat}_pci"))
            return f"{rat} {letter}{band} {values[channel]}/{pci}"
    if detailed or values.get("cell_id") is None:
        return None
    return f"{_or_question(values.get('access_technology'))} {_or_question(values.get('tac'))}/{values['cell_id']}"


def _lte_values(cell: LteCell | None) -> Values:
    fields = ("band", "pci", "earfcn", "cell_id", "rsrp_dbm", "rsrq_db", "sinr_db")
    return {f"lte_{name}": getattr(cell, name, None) for name in fields}


def _nr_values(cell: NrCell | None) -> Values:
    fields = ("band", "pci", "arfcn", "cell_id", "rsrp_dbm", "rsrq_db", "sinr_db")
    inferred = None if cell is None else int(cell.band_inferred)
    return {f"nr_{name}": getattr(cell, name, None) for name in fields} | {"nr_band_inferred": inferred}
