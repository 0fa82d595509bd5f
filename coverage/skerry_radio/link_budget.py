"""One radio link from transmitter to receiver: levels, margin, the fastest data rate that still closes it."""

from dataclasses import dataclass

from skerry_radio.errors import RadioRefused
from skerry_radio.levels import DEFAULT_NOISE_FIGURE_DB, sensitivity

__all__ = ["Link", "LinkBudget", "link_budget"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Everything about a link but the path itself; dB, dBm, dBi. `misc_loss_db`: clutter, body, polarisation."""

    conducted_dbm: float
    tx_gain_dbi: float
    tx_cable_loss_db: float
    rx_gain_dbi: float
    rx_cable_loss_db: float
    misc_loss_db: float
    spreading_factor: int
    bandwidth_hz: int
    noise_figure_db: float = DEFAULT_NOISE_FIGURE_DB
    fade_margin_db: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkBudget:
    """The sums of a link; `best_spreading_factor` is the smallest of 7 to 12 that keeps the fade margin."""

    eirp_dbm: float
    path_loss_db: float
    rssi_dbm: float
    noise_floor_dbm: float
    sensitivity_dbm: float
    snr_db: float
    margin_db: float
    closes: bool
    max_path_loss_db: float
    best_spreading_factor: int | None


def link_budget(link: Link, *, path_loss_db: float) -> LinkBudget:
    """Return the budget over a given path loss.

    Raises `RadioRefused` cable_loss, spreading_factor, bandwidth, noise_figure.
    """
    if link.tx_cable_loss_db < 0 or link.rx_cable_loss_db < 0:
        raise RadioRefused("cable_loss", "a cable does not amplify")
    receiver = sensitivity(
        spreading_factor=link.spreading_factor, bandwidth_hz=link.bandwidth_hz, noise_figure_db=link.noise_figure_db
    )
    radiated = link.conducted_dbm + link.tx_gain_dbi - link.tx_cable_loss_db
    rssi = radiated - path_loss_db - link.misc_loss_db + link.rx_gain_dbi - link.rx_cable_loss_db
    margin = rssi - receiver.sensitivity_dbm
    return LinkBudget(
        eirp_dbm=radiated,
        path_loss_db=path_loss_db,
        rssi_dbm=rssi,
        noise_floor_dbm=receiver.noise_floor_dbm,
        sensitivity_dbm=receiver.sensitivity_dbm,
        snr_db=rssi - receiver.noise_floor_dbm,
        margin_db=margin,
        closes=margin >= link.fade_margin_db,
        max_path_loss_db=path_loss_db + margin - link.fade_margin_db,
        best_spreading_factor=_best_spreading(link, rssi),
    )


def _best_spreading(link: Link, rssi_dbm: float) -> int | None:
    for spreading in range(7, 13):
        receiver = sensitivity(
            spreading_factor=spreading, bandwidth_hz=link.bandwidth_hz, noise_figure_db=link.noise_figure_db
        )
        if rssi_dbm - receiver.sensitivity_dbm >= link.fade_margin_db:
            return spreading
    return None
