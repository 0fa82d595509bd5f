"""Conformance kinds of the radio package: LoRa, and the propagation kinds that have a formula here (KINDS)."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from skerry_core.conformance import CaseError, Kind
from skerry_radio.errors import RadioRefused
from skerry_radio.levels import eirp, parse_exact_datarate, sensitivity
from skerry_radio.link_budget import Link, link_budget
from skerry_radio.lora import Datarate, airtime_ms
from skerry_radio.path_loss import fspl_db, hata_db
from skerry_radio.terrain import Path, bullington, fresnel, knife_edge_db, knife_edge_nu, line_of_sight

__all__ = ["KINDS"]

Case = Mapping[str, Any]


def _airtime(case: Case) -> dict[str, Any]:
    return {"airtime_ms": airtime_ms(**case)}


def _datarate(case: Case) -> dict[str, Any]:
    if "text" not in case:
        return {"text": str(Datarate(case["spreading_factor"], case["bandwidth_khz"]))}
    rate = Datarate.parse(case["text"])
    return {"spreading_factor": rate.spreading_factor, "bandwidth_khz": rate.bandwidth_khz, "number": rate.number}


def _fspl(case: Case) -> dict[str, Any]:
    return {"loss_db": fspl_db(distance_m=case["distance_m"], frequency_hz=case["frequency_hz"])}


def _hata(case: Case) -> dict[str, Any]:
    correction, loss = hata_db(**case)
    return {"mobile_correction_db": correction, "loss_db": loss}


def _fresnel(case: Case) -> dict[str, Any]:
    return asdict(fresnel(**case))


def _path(case: Case) -> Path:
    return Path(
        step_m=case["step_m"],
        heights_m=case["heights_m"],
        tx_height_m=case["tx_height_m"],
        rx_height_m=case["rx_height_m"],
        k=case.get("k"),
    )


def _los(case: Case) -> dict[str, Any]:
    result = line_of_sight(_path(case), frequency_hz=case.get("frequency_hz"), fraction=case["fraction"])
    return asdict(result)


def _knife_edge(case: Case) -> dict[str, Any]:
    nu = case["nu"] if "nu" in case else knife_edge_nu(**case)
    return {"nu": nu, "loss_db": knife_edge_db(nu)}


def _bullington(case: Case) -> dict[str, Any]:
    return asdict(bullington(_path(case), frequency_hz=case["frequency_hz"]))


def _sensitivity(case: Case) -> dict[str, Any]:
    if "datarate" in case:
        spreading, bandwidth = parse_exact_datarate(case["datarate"])
    else:
        spreading, bandwidth = case["spreading_factor"], case["bandwidth_hz"]
    result = sensitivity(spreading_factor=spreading, bandwidth_hz=bandwidth, noise_figure_db=case["noise_figure_db"])
    return asdict(result)


def _eirp(case: Case) -> dict[str, Any]:
    result = eirp(
        region=case["region"],
        conducted_ddbm=case["conducted_ddbm"],
        gain_ddbi=case["gain_ddbi"],
        cable_loss_ddb=case["cable_loss_ddb"],
    )
    if case["purpose"] == "transmit" and result.over_limit:
        raise RadioRefused("eirp_over_limit", f"{result.eirp_ddbm} over {result.limit_ddbm} tenths of dBm")
    return {
        "eirp_ddbm": result.eirp_ddbm,
        "erp_dbm": f"{result.erp_dbm:.2f}",
        "limit_ddbm": result.limit_ddbm,
        "margin_ddb": result.margin_ddb,
        "over_limit": result.over_limit,
        "max_conducted_ddbm": result.limit_ddbm - case["gain_ddbi"] + case["cable_loss_ddb"],
    }


_LINK_FIELDS = frozenset(Link.__dataclass_fields__)


def _link_budget(case: Case) -> dict[str, Any]:
    # The stated order of errors tests the cables before the path.
    if case["tx_cable_loss_db"] < 0 or case["rx_cable_loss_db"] < 0:
        raise RadioRefused("cable_loss")
    given, computed = case.get("path_loss_db"), case.get("distance_m")
    if (given is None) == (computed is None):
        raise RadioRefused("path", "state either the loss or a distance")
    loss = given if given is not None else fspl_db(distance_m=case["distance_m"], frequency_hz=case["frequency_hz"])
    link = Link(**{name: value for name, value in case.items() if name in _LINK_FIELDS})
    return asdict(link_budget(link, path_loss_db=loss))


def _with_reason(function: Callable[[Case], dict[str, Any]]) -> Kind:
    def run(case: Case) -> dict[str, Any]:
        try:
            return function(case)
        except RadioRefused as error:
            raise CaseError(error.reason) from None

    return Kind(run=run)


KINDS: dict[str, Kind] = {
    "lora.airtime": _with_reason(_airtime),
    "lora.datarate": _with_reason(_datarate),
    "propagation.bullington": _with_reason(_bullington),
    "propagation.eirp": _with_reason(_eirp),
    "propagation.fresnel": _with_reason(_fresnel),
    "propagation.fspl": _with_reason(_fspl),
    "propagation.hata": _with_reason(_hata),
    "propagation.knife_edge": _with_reason(_knife_edge),
    "propagation.link_budget": _with_reason(_link_budget),
    "propagation.los": _with_reason(_los),
    "propagation.sensitivity": _with_reason(_sensitivity),
}
