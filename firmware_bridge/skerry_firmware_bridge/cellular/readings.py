"""Cells as values with names, and the last signal and cell known with their ages. For every driver of a modem."""

from skerry_core.clock import NS_PER_S, Clock
from skerry_firmware_bridge.cellular.cells import Cells, LteCell, Neighbour, NrCell
from skerry_firmware_bridge.device import Values

__all__ = ["LastKnown", "cell_name", "cell_values", "or_question"]

SIGNALS = ("nr_rsrp_dbm", "lte_rsrp_dbm", "lte_rsrp_bin_dbm", "rssi_dbm")  # the first that is known
SIGNAL_LIFETIME_S = 10  # seconds without a fresh value after which the last one is called stale


class LastKnown:
    """The last signal and cell of one modem."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._signal: tuple[int, int] | None = None  # dBm and when
        self._cell: tuple[str, int] | None = None

    def aged(self, values: Values, cell: str | None) -> Values:
        """Take note of fresh values and of the cell that serves; return the last of both with their ages."""
        now_ns = self._clock.monotonic_ns()
        return self._signal_with_age(values, now_ns) | self._cell_with_age(cell, now_ns)

    def _signal_with_age(self, values: Values, now_ns: int) -> Values:
        """Return the best signal known and its age: modems leave it out now and then while they change cells."""
        fresh = next((value for name in SIGNALS if isinstance(value := values.get(name), int)), None)
        if fresh is not None:
            self._signal = (fresh, now_ns)
        if self._signal is None:
            return {"signal_dbm": None, "signal_age_s": None, "signal_state": None}
        dbm, seen_ns = self._signal
        age_s = (now_ns - seen_ns) // NS_PER_S
        state = "fresh" if age_s < SIGNAL_LIFETIME_S else "stale"
        return {"signal_dbm": dbm, "signal_age_s": age_s, "signal_state": state}

    def _cell_with_age(self, name: str | None, now_ns: int) -> Values:
        """Return the last cell known to have served and its age; what serves now stands in the values of the cell."""
        if name is not None:
            self._cell = (name, now_ns)
        if self._cell is None:
            return {"last_cell": None, "last_cell_age_s": None}
        name, seen_ns = self._cell
        return {"last_cell": name, "last_cell_age_s": (now_ns - seen_ns) // NS_PER_S}


def cell_values(cells: Cells) -> Values:
    """Return the serving cells, and how many neighbours there are and which."""
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


def cell_name(values: Values, *, detailed: bool) -> str | None:
    """Return technology, band, channel and physical cell id; of a modem that tells no such details area and cell."""
    for rat, letter, channel in (("nr", "n", "nr_arfcn"), ("lte", "B", "lte_earfcn")):
        if values.get(channel) is not None:
            band, pci = or_question(values.get(f"{rat}_band")), or_question(values.get(f"{rat}_pci"))
            return f"{rat} {letter}{band} {values[channel]}/{pci}"
    if detailed or values.get("cell_id") is None:
        return None
    return f"{or_question(values.get('access_technology'))} {or_question(values.get('tac'))}/{values['cell_id']}"


def or_question(value: object) -> str:
    """Return a value as text, `?` for an unknown one."""
    return "?" if value is None else str(value)


def _neighbour_text(cell: Neighbour) -> str:
    power = "unknown" if cell.rsrp_dbm is None else f"{cell.rsrp_dbm} dBm"
    return f"{cell.rat} {or_question(cell.channel)}/{or_question(cell.pci)} {power}"


def _lte_values(cell: LteCell | None) -> Values:
    fields = ("band", "pci", "earfcn", "cell_id", "rsrp_dbm", "rsrq_db", "sinr_db")
    return {f"lte_{name}": getattr(cell, name, None) for name in fields}


def _nr_values(cell: NrCell | None) -> Values:
    fields = ("band", "pci", "arfcn", "cell_id", "rsrp_dbm", "rsrq_db", "sinr_db")
    inferred = None if cell is None else int(cell.band_inferred)
    return {f"nr_{name}": getattr(cell, name, None) for name in fields} | {"nr_band_inferred": inferred}
