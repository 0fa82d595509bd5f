"""Quectel +QENG: serving and neighbour cells in the three shapes of serial-devices 2.4. Columns differ per shape."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from skerry_firmware_bridge.cellular.fields import (
    LTE_BANDWIDTH_MHZ,
    NR_BANDWIDTH_MHZ,
    at,
    hexadecimal,
    nr_band,
    nr_frequency_mhz,
    payload,
    rsrp,
    rsrq,
    rssi,
    sinr,
    split,
    whole,
)
from skerry_firmware_bridge.decimals import scaled

__all__ = ["Cells", "LteCell", "Neighbour", "NrCell", "read_cells"]

STATES = {"SEARCH": "search", "LIMSRV": "limited", "NOCONN": "idle", "CONNECT": "connected", "CONN": "connected"}
SUBCARRIER_KHZ = {"0": 15, "1": 30}
PCI_LIMIT = 1007  # the largest physical cell id of NR; channel numbers are far above
NR_NEIGHBOUR_FIELDS = 5  # channel, cell, power, quality, noise


@dataclass(frozen=True, slots=True, kw_only=True)
class LteCell:
    """The LTE cell that serves; mcc and mnc are text because leading zeros count."""

    duplex: str | None
    mcc: str | None
    mnc: str | None
    cell_id: int | None
    pci: int | None
    earfcn: int | None
    band: int | None
    ul_mhz: Decimal | None
    dl_mhz: Decimal | None
    tac: int | None
    rsrp_dbm: int | None
    rsrq_db: int | None
    rssi_dbm: int | None
    sinr_db: int | None
    tx_power_dbm: Decimal | None
    srxlev: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NrCell:
    """The NR cell that serves; `band_inferred` = guessed from the channel, never measured."""

    duplex: str | None
    mcc: str | None
    mnc: str | None
    cell_id: int | None
    pci: int | None
    tac: int | None
    arfcn: int
    frequency_mhz: Decimal
    band: int | None
    band_inferred: bool
    dl_mhz: int | None
    scs_khz: int | None
    rsrp_dbm: int | None
    rsrq_db: int | None
    sinr_db: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """A neighbour cell; `kind` intra or inter where the modem says."""

    rat: str
    kind: str | None
    channel: int | None
    pci: int | None
    rsrq_db: int | None
    rsrp_dbm: int | None
    rssi_dbm: int | None
    sinr_db: int | None
    srxlev: int | None


@dataclass(slots=True)
class Cells:
    """What all +QENG lines together say."""

    state: str | None = None
    lte: LteCell | None = None
    nr: NrCell | None = None
    standalone: bool = False
    neighbours: list[Neighbour] = field(default_factory=list)

    @property
    def mode(self) -> str | None:
        """Return sa, en_dc, nsa_leg (an NR leg without its LTE line), lte, or None."""
        if self.nr is not None:
            return "sa" if self.standalone else "en_dc" if self.lte is not None else "nsa_leg"
        return "lte" if self.lte is not None else None


def read_cells(lines: Iterable[str]) -> Cells:
    """Read the reply lines of +QENG="servingcell" and "neighbourcell"; GSM and 3G rows are dropped."""
    cells = Cells()
    for line in lines:
        text = payload(line, "+QENG")
        if text is not None:
            _line(split(text), cells)
    return cells


def _line(fields: list[str], cells: Cells) -> None:
    serving = fields[0] == "servingcell"
    if serving:
        cells.state = STATES.get(at(fields, 1), cells.state)
        fields = fields[2:]
    if at(fields, 0).startswith("neighbourcell"):
        neighbour = _neighbour(fields)
        cells.neighbours.extend([] if neighbour is None else [neighbour])
        return
    match at(fields, 0):
        case "LTE":
            cells.lte = _lte(fields[1:])
        case "NR5G-NSA":
            cells.nr = _nsa(fields[1:])
        case "NR5G-SA":
            # in a row of its own, without the duplex mode in front, it has the columns of the other NR leg
            read = _standalone if serving or _duplex(at(fields, 1)) else _nsa
            cells.nr, cells.standalone = read(fields[1:]), True


def _lte(fields: list[str]) -> LteCell:
    tx_power = whole(at(fields, 15))
    return LteCell(
        duplex=_duplex(at(fields, 0)),
        mcc=_digits(at(fields, 1)),
        mnc=_digits(at(fields, 2)),
        cell_id=hexadecimal(at(fields, 3)),
        pci=whole(at(fields, 4), low=0),
        earfcn=whole(at(fields, 5), low=0),
        band=whole(at(fields, 6), low=0),
        ul_mhz=_lte_bandwidth(at(fields, 7)),
        dl_mhz=_lte_bandwidth(at(fields, 8)),
        tac=hexadecimal(at(fields, 9)),
        rsrp_dbm=rsrp(at(fields, 10)),
        rsrq_db=rsrq(at(fields, 11)),
        rssi_dbm=rssi(at(fields, 12)),
        sinr_db=sinr(at(fields, 13)),
        tx_power_dbm=None if tx_power is None else scaled(tx_power, -1),
        srxlev=whole(at(fields, 16)),
    )


def _standalone(fields: list[str]) -> NrCell | None:
    return _nr(
        arfcn=at(fields, 6),
        band=at(fields, 7),
        bandwidth=at(fields, 8),
        scs=at(fields, 12),
        pci=at(fields, 4),
        plmn=(at(fields, 1), at(fields, 2)),
        signal=(at(fields, 9), at(fields, 10), at(fields, 11)),
        duplex=at(fields, 0),
        cell_id=at(fields, 3),
        tac=at(fields, 5),
    )


def _nsa(fields: list[str]) -> NrCell | None:
    return _nr(
        arfcn=at(fields, 6),
        band=at(fields, 7),
        bandwidth=at(fields, 8),
        scs=at(fields, 9),
        pci=at(fields, 2),
        plmn=(at(fields, 0), at(fields, 1)),
        signal=(at(fields, 3), at(fields, 5), at(fields, 4)),  # SINR comes before RSRQ here
    )


def _nr(
    *,
    arfcn: str,
    band: str,
    bandwidth: str,
    scs: str,
    pci: str,
    plmn: tuple[str, str],
    signal: tuple[str, str, str],
    duplex: str = "",
    cell_id: str = "",
    tac: str = "",
) -> NrCell | None:
    channel = whole(arfcn, low=0)
    if channel is None:
        return None
    reported_band = whole(band, low=1)
    return NrCell(
        duplex=_duplex(duplex),
        mcc=_digits(plmn[0]),
        mnc=_digits(plmn[1]),
        cell_id=hexadecimal(cell_id),
        pci=whole(pci, low=0),
        tac=hexadecimal(tac),
        arfcn=channel,
        frequency_mhz=nr_frequency_mhz(channel),
        band=reported_band or nr_band(channel),  # a firmware bug reports band 0 beside the right channel
        band_inferred=reported_band is None,
        dl_mhz=_nr_bandwidth(bandwidth),
        scs_khz=SUBCARRIER_KHZ.get(scs),
        rsrp_dbm=rsrp(signal[0]),
        rsrq_db=rsrq(signal[1]),
        sinr_db=sinr(signal[2]),
    )


def _neighbour(fields: list[str]) -> Neighbour | None:
    kind = at(fields, 0).removeprefix("neighbourcell").strip() or None
    values = fields[2:]
    match at(fields, 1):
        case "LTE":
            order = (0, 1, 2, 3, 4, 5, 6)
        case "NR5G":
            # there is no RSSI and no reception level
            order = (0, 1, 3, 2, 99, 4, 99) if _starts_with_channel(values) else (99, 0, 2, 1, 99, 3, 99)
        case _:
            return None
    channel, pci, quality, power, strength, noise, level = (at(values, index) for index in order)
    return Neighbour(
        rat="lte" if fields[1] == "LTE" else "nr",
        kind=kind,
        channel=whole(channel, low=0),
        pci=whole(pci, low=0),
        rsrq_db=rsrq(quality),
        rsrp_dbm=rsrp(power),
        rssi_dbm=rssi(strength),
        sinr_db=sinr(noise),
        srxlev=whole(level),
    )


def _starts_with_channel(values: list[str]) -> bool:
    """Tell an NR row with its channel from one of firmware that leaves it out and starts with the cell."""
    first, second = whole(at(values, 0)), whole(at(values, 1))
    if len(values) < NR_NEIGHBOUR_FIELDS:
        return first is not None and first > PCI_LIMIT
    return first is None or first > PCI_LIMIT or second is None or second >= 0


def _digits(text: str) -> str | None:
    return text if text.isascii() and text.isdigit() else None


def _duplex(text: str) -> str | None:
    return {"FDD": "fdd", "TDD": "tdd"}.get(text)


def _lte_bandwidth(text: str) -> Decimal | None:
    index = whole(text, low=0, high=len(LTE_BANDWIDTH_MHZ) - 1)
    return None if index is None else LTE_BANDWIDTH_MHZ[index]


def _nr_bandwidth(text: str) -> int | None:
    index = whole(text, low=0, high=len(NR_BANDWIDTH_MHZ) - 1)
    return None if index is None else NR_BANDWIDTH_MHZ[index]
