"""The cells that ModemManager's GetCellInfo lists (since 1.20), decoded like the rest in `modem_manager_values`."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from skerry_firmware_bridge.cellular.cells import Cells, LteCell, Neighbour, NrCell
from skerry_firmware_bridge.cellular.fields import hexadecimal, nr_band, nr_frequency_mhz, plmn, rsrp, rsrq, sinr
from skerry_firmware_bridge.cellular.modem_manager_types import measured, number, table, text

__all__ = ["read_cell_info"]

LTE, NR = 5, 6
PRIMARY, UNKNOWN = (1, 3), (0, None)  # serving-cell-type, since 1.22: the primary cell of each leg


def read_cell_info(cells: object) -> Cells:
    """Return the LTE and 5G cells of a GetCellInfo answer; of several that serve, the primary one."""
    rows = [table(cell) for cell in cells] if isinstance(cells, list) else []
    serving = sorted((row for row in rows if row.get("serving") is True), key=_rank)
    lte = next((_lte(row) for row in serving if row.get("cell-type") == LTE), None)
    nr = next((cell for row in serving if row.get("cell-type") == NR and (cell := _nr(row))), None)
    neighbours = [_neighbour(row) for row in rows if row.get("serving") is False and row.get("cell-type") in (LTE, NR)]
    return Cells(lte=lte, nr=nr, standalone=lte is None, neighbours=neighbours)


def _rank(row: Mapping[object, object]) -> int:
    kind = row.get("serving-cell-type")
    return 0 if kind in PRIMARY else 1 if kind in UNKNOWN else 2


def _lte(row: Mapping[object, object]) -> LteCell:
    return LteCell(**_unknown(LteCell) | _common(row) | {"earfcn": number(row.get("earfcn"))})


def _nr(row: Mapping[object, object]) -> NrCell | None:
    arfcn = number(row.get("nrarfcn"))
    if arfcn is None:
        return None
    known = {
        "arfcn": arfcn,
        "frequency_mhz": nr_frequency_mhz(arfcn),
        "band": nr_band(arfcn),
        "band_inferred": True,
        "sinr_db": measured(row.get("sinr"), sinr),
    }
    return NrCell(**_unknown(NrCell) | _common(row) | known)


def _unknown(cell: type[LteCell] | type[NrCell]) -> dict[str, Any]:
    return dict.fromkeys(field.name for field in fields(cell))


def _common(row: Mapping[object, object]) -> dict[str, Any]:
    mcc, mnc = plmn(text(row.get("operator-id"))) or (None, None)
    return {
        "mcc": mcc,
        "mnc": mnc,
        "cell_id": hexadecimal(text(row.get("ci"))),
        "pci": hexadecimal(text(row.get("physical-ci"))),
        "tac": hexadecimal(text(row.get("tac"))),
        "rsrp_dbm": measured(row.get("rsrp"), rsrp),
        "rsrq_db": measured(row.get("rsrq"), rsrq),
    }


def _neighbour(row: Mapping[object, object]) -> Neighbour:
    is_lte = row.get("cell-type") == LTE
    return Neighbour(
        rat="lte" if is_lte else "nr",
        kind=None,
        channel=number(row.get("earfcn" if is_lte else "nrarfcn")),
        pci=hexadecimal(text(row.get("physical-ci"))),
        rsrq_db=measured(row.get("rsrq"), rsrq),
        rsrp_dbm=measured(row.get("rsrp"), rsrp),
        rssi_dbm=None,
        sinr_db=measured(row.get("sinr"), sinr),
        srxlev=None,
    )
