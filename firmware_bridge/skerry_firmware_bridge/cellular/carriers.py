"""Quectel +QCAINFO and +QNWINFO: carriers in use and the network they belong to (serial-devices 2.4)."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from skerry_firmware_bridge.cellular.fields import (
    LTE_BANDWIDTH_MHZ,
    NR_BANDWIDTH_MHZ,
    at,
    band_number,
    nr_frequency_mhz,
    payload,
    plmn,
    rsrp,
    rsrq,
    rssi,
    split,
    whole,
)
from skerry_firmware_bridge.decimals import scaled

__all__ = ["Carrier", "Network", "read_carriers", "read_networks"]

LTE_RESOURCE_BLOCKS = (6, 15, 25, 50, 75, 100)
STATES = {
    "pcc": ("not_searching", "registered", "searching", "denied", "unknown", "roaming"),
    "scc": ("deconfigured", "inactive", "active"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """One component carrier; `rssnr` of LTE is no SINR."""

    role: str
    rat: str
    channel: int | None
    band: int | None
    bandwidth_mhz: Decimal | None
    state: str | None
    pci: int | None
    rsrp_dbm: int | None
    rsrq_db: int | None
    rssi_dbm: int | None
    rssnr: int | None
    snr_db: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """One line of +QNWINFO; the frequency is known for NR only."""

    rat: str
    act: str
    mcc: str | None
    mnc: str | None
    band: int | None
    channel: int | None
    frequency_mhz: Decimal | None


def read_carriers(lines: Iterable[str]) -> list[Carrier]:
    """Return the carriers of all +QCAINFO lines; the column count decides the shape."""
    carriers = (_carrier(split(payload(line, "+QCAINFO") or "")) for line in lines)
    return [carrier for carrier in carriers if carrier is not None]


def read_networks(lines: Iterable[str]) -> list[Network]:
    """Return the networks of all +QNWINFO lines; GSM and 3G are dropped."""
    networks = (_network(split(payload(line, "+QNWINFO") or "")) for line in lines)
    return [network for network in networks if network is not None]


def _network(fields: list[str]) -> Network | None:
    if len(fields) < 4:
        return None
    # NB-IoT and eMTC are LTE as well: only their band says so
    kind = f"{fields[0]} {fields[2]}"
    rat = "nr" if "NR" in kind else "lte" if "LTE" in kind else None
    if rat is None:
        return None
    channel = whole(fields[3], low=0)
    mcc, mnc = plmn(fields[1]) or (None, None)
    return Network(
        rat=rat,
        act=fields[0],
        mcc=mcc,
        mnc=mnc,
        band=band_number(fields[2]),
        channel=channel,
        frequency_mhz=nr_frequency_mhz(channel) if rat == "nr" and channel is not None else None,
    )


def _carrier(fields: list[str]) -> Carrier | None:
    role, band = at(fields, 0).lower(), at(fields, 3)
    if role not in STATES:
        return None
    if "NR5G" in band:
        return _nr(role, fields)
    return _lte(role, fields) if "LTE" in band else None


def _lte(role: str, fields: list[str]) -> Carrier:
    blocks = whole(at(fields, 2))
    return Carrier(
        role=role,
        rat="lte",
        channel=whole(at(fields, 1), low=0),
        band=band_number(fields[3]),
        bandwidth_mhz=dict(zip(LTE_RESOURCE_BLOCKS, LTE_BANDWIDTH_MHZ, strict=True)).get(
            -1 if blocks is None else blocks
        ),
        state=_state(role, at(fields, 4)),
        pci=whole(at(fields, 5), low=0),
        rsrp_dbm=rsrp(at(fields, 6)),
        rsrq_db=rsrq(at(fields, 7)),
        rssi_dbm=rssi(at(fields, 8)),
        rssnr=whole(at(fields, 9)),
        snr_db=None,
    )


def _nr(role: str, fields: list[str]) -> Carrier:
    with_state = len(fields) >= 9
    pci_at, signal_at = (5, 9) if with_state else (4, 5)
    index = whole(at(fields, 2), low=0, high=len(NR_BANDWIDTH_MHZ) - 1)
    power = rsrp(at(fields, signal_at))
    snr = whole(at(fields, signal_at + 2), low=-3000, high=5000)
    return Carrier(
        role=role,
        rat="nr",
        channel=whole(at(fields, 1), low=0),
        band=band_number(fields[3]),
        bandwidth_mhz=None if index is None else Decimal(NR_BANDWIDTH_MHZ[index]),
        state=_state(role, at(fields, 4)) if with_state else None,
        pci=whole(at(fields, pci_at), low=0),
        rsrp_dbm=power,
        rsrq_db=rsrq(at(fields, signal_at + 1)),
        rssi_dbm=None,
        rssnr=None,
        snr_db=None if power is None or snr is None else scaled(snr, -2),
    )


def _state(role: str, text: str) -> str | None:
    names = STATES[role]
    if text.lower() in names:
        return text.lower()
    index = whole(text, low=0, high=len(names) - 1)
    return None if index is None else names[index]
