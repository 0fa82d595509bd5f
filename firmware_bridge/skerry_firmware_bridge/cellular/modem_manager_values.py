"""What ModemManager tells of its modems, decoded: pure, and any type may stand in any place. For `modem_manager`.

Names and numbers are those of its interface (ModemManager @ 9a2d5863: introspection, ModemManager-enums.h). What is
unknown, out of range or of another type is None. Variants come unpacked.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from skerry_firmware_bridge.cellular import registration
from skerry_firmware_bridge.cellular.cells import Cells
from skerry_firmware_bridge.cellular.fields import hexadecimal, plmn, rsrp, rsrq, rssi, sinr
from skerry_firmware_bridge.cellular.identity import checked_imei
from skerry_firmware_bridge.cellular.modem_manager_types import measured, number, table, text
from skerry_firmware_bridge.cellular.readings import cell_values
from skerry_firmware_bridge.device import Values
from skerry_firmware_bridge.errors import FrameRejected

__all__ = ["INTERFACE", "ManagedModem", "read_modems", "readings"]

INTERFACE = "org.freedesktop.ModemManager1.Modem"
OBJECT_PATH = re.compile(r"(/[A-Za-z0-9_]+)+")
STATES = {
    -1: "failed", 1: "initializing", 2: "locked", 3: "disabled", 4: "disabling", 5: "enabling", 6: "enabled",
    7: "searching", 8: "registered", 9: "disconnecting", 10: "connecting", 11: "connected",
}  # fmt: skip
REGISTRATIONS = dict(enumerate(registration.STATES))  # the numbers of +CREG
FAILURES = {2: "sim_missing", 3: "sim_error", 4: "unknown_capabilities", 5: "esim_without_profiles"}
# by number from 1, in the words of +CPIN
LOCKS = dict(enumerate((
    "ready", "sim pin", "sim pin2", "sim puk", "sim puk2", "ph-sp pin", "ph-sp puk", "ph-net pin", "ph-net puk",
    "ph-sim pin", "ph-corp pin", "ph-corp puk", "ph-fsim pin", "ph-fsim puk", "ph-netsub pin", "ph-netsub puk",
), 1))  # fmt: skip
SIMS_OF_FAILED = {"sim_missing": "absent", "sim_error": "failure"}
# the first whose bits are all set, in the words of +CEREG
TECHNOLOGIES = (
    (1 << 15 | 1 << 14, "en_dc"), (1 << 15, "nr_5gc"), (1 << 14, "lte"), (1 << 16, "lte"), (1 << 17, "nb_iot"),
    (1 << 9, "hspa"), (1 << 8, "hspa"), (1 << 7 | 1 << 6, "hspa"), (1 << 7, "hsupa"), (1 << 6, "hsdpa"),
    (1 << 5, "utran"), (1 << 4, "edge"), (1 << 3, "gsm"), (1 << 1, "gsm"), (1 << 2, "gsm_compact"),
)  # fmt: skip
ANY_TECHNOLOGY = 0xFFFF_FFFF
MODES = {"en_dc": "en_dc", "nr_5gc": "sa", "lte": "lte"}
AREA_AND_CELL = 1  # the location that is made of network numbers
SIGNALS: dict[str, tuple[str, str, Callable[[str], int | None]]] = {
    "lte_rsrp_dbm": ("Lte", "rsrp", rsrp),
    "lte_rsrq_db": ("Lte", "rsrq", rsrq),
    "lte_sinr_db": ("Lte", "snr", sinr),
    "nr_rsrp_dbm": ("Nr5g", "rsrp", rsrp),
    "nr_rsrq_db": ("Nr5g", "rsrq", rsrq),
    "nr_sinr_db": ("Nr5g", "snr", sinr),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedModem:
    """One modem. `identifier` is its IMEI as told, which may be none; `identity` holds it only if it is whole.

    `state` and `failure` are ModemManager's words, `rate_s` how often it measures the signal, `is_measured` whether
    anybody has asked it to measure, `values` all readings but those of cells.
    """

    path: str
    identifier: str | None
    identity: Values
    state: str | None
    failure: str | None
    rate_s: int | None
    is_measured: bool
    values: Values


def read_modems(objects: object) -> list[ManagedModem]:
    """Return the modems among all objects: path -> interface -> property -> value. Raises `FrameRejected`."""
    if not isinstance(objects, Mapping):
        raise FrameRejected("not_objects", detail=type(objects).__name__)
    return [
        _modem(text(path), interfaces)
        for path, interfaces in objects.items()
        if OBJECT_PATH.fullmatch(text(path)) and isinstance(interfaces, Mapping) and INTERFACE in interfaces
    ]


def readings(modem: ManagedModem, cells: Cells | None) -> Values:
    """Return all readings of a modem; `cells` None = ModemManager does not tell them."""
    serving = None if cells is None else cells.nr or cells.lte
    of_cells = cell_values(cells or Cells()) | {
        "tac": getattr(serving, "tac", None),
        "cell_id": getattr(serving, "cell_id", None),
    }
    if cells is None:
        of_cells["neighbours"] = None
    levels = {name: modem.values[name] for name in SIGNALS}  # newer than those of the cells
    return _first(levels, _first(of_cells, modem.values))


def _first(one: Values, other: Values) -> Values:
    """Return the values of both; where both have one, the first's."""
    return other | {name: value for name, value in one.items() if value is not None or name not in other}


def _modem(path: str, interfaces: Mapping[object, object]) -> ManagedModem:
    modem, of_3gpp, signal, location = (
        table(interfaces.get(INTERFACE + name)) for name in ("", ".Modem3gpp", ".Signal", ".Location")
    )
    state = _word(STATES, modem.get("State"))
    failure = _word(FAILURES, modem.get("StateFailedReason")) if state == "failed" else None
    identifier = text(modem.get("EquipmentIdentifier")) or text(of_3gpp.get("Imei")) or None
    rate_s = number(signal.get("Rate"))
    return ManagedModem(
        path=path,
        identifier=identifier,
        identity={
            "maker": text(modem.get("Manufacturer")) or None,
            "model": text(modem.get("Model")) or None,
            "firmware": text(modem.get("Revision")) or None,
            "imei": checked_imei(identifier),
        },
        state=state,
        failure=failure,
        rate_s=rate_s,
        is_measured=bool(rate_s or number(signal.get("RssiThreshold")) or signal.get("ErrorRateThreshold")),
        values=_network(modem, of_3gpp)
        | _place(location)
        | _signal(signal)
        | {
            "sim": SIMS_OF_FAILED.get(failure or "") or _word(LOCKS, modem.get("UnlockRequired")),
            "signal_quality_pct": _quality(modem.get("SignalQuality")),
            "manager_state": state,
        },
    )


def _network(modem: Mapping[object, object], of_3gpp: Mapping[object, object]) -> Values:
    bits = number(modem.get("AccessTechnologies"), high=ANY_TECHNOLOGY - 1)
    technology = None if bits is None else next((name for mask, name in TECHNOLOGIES if bits & mask == mask), None)
    code = text(of_3gpp.get("OperatorCode"))
    mcc, mnc = plmn(code) or (None, None)
    return {
        "registration": _word(REGISTRATIONS, of_3gpp.get("RegistrationState")),
        "access_technology": technology,
        "mode": MODES.get(technology or ""),
        "operator": text(of_3gpp.get("OperatorName")) or code or None,
        "mcc": mcc,
        "mnc": mnc,
    }


def _place(location: Mapping[object, object]) -> Values:
    """Return area and cell where somebody lets ModemManager tell them to all: MCC,MNC,LAC,CI,TAC, 0 for unknown."""
    fields = text(table(location.get("Location")).get(AREA_AND_CELL)).split(",")
    area, cell, tracking_area = (hexadecimal(field) or None for field in (fields + [""] * 5)[2:5])
    return {"tac": tracking_area or area, "cell_id": cell}


def _signal(signal: Mapping[object, object]) -> Values:
    values: Values = {
        name: measured(table(signal.get(technology)).get(key), read)
        for name, (technology, key, read) in SIGNALS.items()
    }
    strengths = (measured(table(signal.get(name)).get("rssi"), rssi) for name in ("Lte", "Umts", "Gsm"))
    return values | {"rssi_dbm": next((value for value in strengths if value is not None), None)}


def _word(words: Mapping[int, str], value: object) -> str | None:
    known = number(value, low=-1)
    return None if known is None else words.get(known)


def _quality(value: object) -> int | None:
    """Return the percentage, None unless it was taken lately."""
    match value:
        case [percentage, True]:
            return number(percentage, high=100)
    return None
