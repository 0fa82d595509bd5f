"""The columns of every table: which values a person sees, in which words. Used by the screens."""

from skerry_client.found import Found, what_it_is
from skerry_client.models import Beacon, Device, Finding, Hotspot, Packet, PathStage, Report, Reward, Witness
from skerry_client.readings import last_heard, says, short_name
from skerry_gui.marks import passed_mark, state_mark, verdict_mark
from skerry_gui.rows import Column
from skerry_gui.sums import EpochSum
from skerry_gui.words import (
    STATE_WORDS,
    VERDICT_WORDS,
    age,
    amount,
    db,
    dbm,
    mhz,
    moment,
    plain,
    region_words,
    sentence,
    short,
)

__all__ = ["BEACONS", "DEVICES", "FINDINGS", "FOUND", "HOTSPOTS", "PACKETS", "PATH", "WITNESSES", "epochs", "rewards"]


def _reason(report: Report) -> str:
    """Say why a report does not count, or what became of one that nobody has judged."""
    if report.reason is not None:
        return plain(report.reason)
    return plain(report.state) if report.verdict == "unknown" else "\u2013"


HOTSPOTS: tuple[Column[Hotspot], ...] = (
    Column(title="Hotspot", text=lambda one, _: one.name, mark=lambda one: state_mark(one.state),
           tip=lambda one: one.address, width=190),
    Column(title="State", text=lambda one, _: STATE_WORDS[one.state], width=90),
    Column(title="Region", text=lambda one, _: one.region or "not confirmed", width=110),
    Column(title="Location", text=lambda one, _: one.location or "not asserted", width=150),
    Column(title="Owner", text=lambda one, _: short(one.owner) if one.owner else "none",
           tip=lambda one: one.owner or "", width=130),
    Column(title="As of", text=lambda one, now: age(one.as_of, now), has_age=True, width=90,
           tip=lambda one: moment(one.as_of)),
    Column(title="Reason", text=lambda one, _: one.reason or "", tip=lambda one: one.reason or ""),
)  # fmt: skip

PATH: tuple[Column[PathStage], ...] = (
    Column(title="Stage", text=lambda one, _: sentence(plain(one.stage)), mark=lambda one: state_mark(one.state),
           width=130),
    Column(title="State", text=lambda one, _: STATE_WORDS[one.state], width=74),
    Column(title="Passed", text=lambda one, _: f"{one.passed:,}", order=lambda one: one.passed, is_number=True,
           width=68),
    Column(title="Stopped", text=lambda one, _: f"{one.stopped:,}", order=lambda one: one.stopped, is_number=True,
           width=76),
    Column(title="Reason", text=lambda one, _: plain(one.reason) or "\u2013",
           tip=lambda one: plain(one.reason)),
)  # fmt: skip

DEVICES: tuple[Column[Device], ...] = (
    Column(title="Device", text=lambda one, _: short_name(one.id, one.name), mark=lambda one: state_mark(one.state),
           tip=lambda one: one.id, width=165),
    Column(title="State", text=lambda one, _: STATE_WORDS[one.state], width=70),
    Column(title="Last heard", text=lambda one, now: last_heard(one.kind, one.state, one.values, one.as_of, now),
           has_age=True, width=92, order=lambda one: -one.as_of.timestamp(), tip=lambda one: moment(one.as_of)),
    Column(title="Says", text=lambda one, _: says(one.state, one.reason, one.values),
           tip=lambda one: says(one.state, one.reason, one.values)),
    Column(title="Kind", text=lambda one, _: one.kind, is_hidden=True),
    Column(title="Region", text=lambda one, _: region_words(one), is_hidden=True),
)  # fmt: skip

FOUND: tuple[Column[Found], ...] = (
    Column(title="Kind", text=lambda one, _: str(one["kind"] or "\u2013"), width=110),
    Column(title="Place", text=lambda one, _: str(one["url"]), tip=lambda one: str(one["url"]), width=330),
    Column(title="What it is", text=lambda one, _: what_it_is(one), tip=what_it_is),
)  # fmt: skip

WITNESSES: tuple[Column[Witness], ...] = (
    Column(title="Verdict", text=lambda one, _: VERDICT_WORDS[one.verdict], mark=lambda one: verdict_mark(one.verdict),
           width=112),
    Column(title="Heard", text=lambda one, now: age(one.at, now), order=lambda one: -one.at.timestamp(), has_age=True,
           tip=lambda one: moment(one.at), width=88),
    Column(title="Reason", text=lambda one, _: _reason(one), tip=lambda one: one.reason or "", width=160),
    Column(title="From", text=lambda one, _: short(one.beaconer, head=6) if one.beaconer else "not known yet",
           tip=lambda one: one.beaconer or "Known once a verdict names it", width=115),
    Column(title="RSSI", text=lambda one, _: dbm(one.rssi_dbm), order=lambda one: one.rssi_dbm, is_number=True,
           width=85),
    Column(title="SNR", text=lambda one, _: db(one.snr_ddb), order=lambda one: one.snr_ddb, is_number=True),
)  # fmt: skip

BEACONS: tuple[Column[Beacon], ...] = (
    Column(title="Verdict", text=lambda one, _: VERDICT_WORDS[one.verdict], mark=lambda one: verdict_mark(one.verdict),
           width=115),
    Column(title="Sent", text=lambda one, now: age(one.at, now), order=lambda one: -one.at.timestamp(), has_age=True,
           tip=lambda one: moment(one.at), width=100),
    Column(title="Frequency", text=lambda one, _: mhz(one.frequency_hz), order=lambda one: one.frequency_hz,
           is_number=True, width=120),
    Column(title="Rate", text=lambda one, _: one.datarate, width=110),
    Column(title="Power", text=lambda one, _: dbm(one.power_dbm), order=lambda one: one.power_dbm, is_number=True,
           width=80),
    Column(title="Reason", text=lambda one, _: _reason(one), tip=lambda one: one.reason or ""),
)  # fmt: skip

FINDINGS: tuple[Column[Finding], ...] = (
    Column(title="Rule", text=lambda one, _: sentence(one.rule), mark=lambda one: passed_mark(one.passed), width=155),
    Column(title="Result", text=lambda one, _: {None: "Not reached", True: "Passed", False: "Failed"}[one.passed],
           width=80),
    Column(title="Measured", text=lambda one, _: one.value or "\u2013", tip=lambda one: one.value or "", width=125),
    Column(title="Limit", text=lambda one, _: one.limit or "\u2013", tip=lambda one: one.limit or "", width=125),
    Column(title="Margin", text=lambda one, _: one.margin or "\u2013", tip=lambda one: one.margin or ""),
)  # fmt: skip

PACKETS: tuple[Column[Packet], ...] = (
    Column(title="Received", text=lambda one, now: age(one.at, now), order=lambda one: -one.at.timestamp(),
           has_age=True, tip=lambda one: moment(one.at), width=92),
    Column(title="Kind", text=lambda one, _: plain(one.kind), width=84),
    Column(title="Address", text=lambda one, _: one.address or "\u2013", width=82),
    Column(title="Frequency", text=lambda one, _: mhz(one.frequency_hz), order=lambda one: one.frequency_hz,
           is_number=True, width=100),
    Column(title="Rate", text=lambda one, _: one.datarate, width=94),
    Column(title="RSSI", text=lambda one, _: dbm(one.rssi_dbm), order=lambda one: one.rssi_dbm, is_number=True,
           width=82),
    Column(title="SNR", text=lambda one, _: db(one.snr_ddb), order=lambda one: one.snr_ddb, is_number=True, width=74),
    Column(title="CRC", text=lambda one, _: one.crc, width=46),
    Column(title="Came as far as", text=lambda one, _: plain(one.stage), width=120),
    Column(title="Reason", text=lambda one, _: plain(one.reason), tip=lambda one: one.reason or ""),
)  # fmt: skip


def epochs(decimals: dict[str, int]) -> tuple[Column[EpochSum], ...]:
    """Return the columns of the sums by epoch; `decimals` by token may grow later."""
    return (
        Column(title="Epoch", text=lambda one, _: str(one.epoch), order=lambda one: one.epoch, is_number=True,
               width=90),
        Column(title="Token", text=lambda one, _: one.token, width=110),
        Column(title="Earned", text=lambda one, _: amount(one.amount, decimals.get(one.token)),
               order=lambda one: float(one.amount), is_number=True, width=170),
        Column(title="Shares", text=lambda one, _: str(one.shares), order=lambda one: one.shares, is_number=True,
               width=75),
        Column(title="State", text=lambda one, _: ", ".join(plain(state) for state in one.states)),
    )  # fmt: skip


def rewards(decimals: dict[str, int]) -> tuple[Column[Reward], ...]:
    """Return the columns of single shares; `decimals` by token may grow later."""
    return (
        Column(title="State", text=lambda one, _: sentence(plain(one.state)), mark=lambda one: verdict_mark(one.state),
               width=115),
        Column(title="Epoch", text=lambda one, _: str(one.epoch), order=lambda one: one.epoch, is_number=True,
               width=90),
        Column(title="For", text=lambda one, _: plain(one.kind), width=95),
        Column(title="Amount", text=lambda one, _: amount(one.amount, decimals.get(one.token)),
               order=lambda one: float(one.amount), is_number=True, width=160),
        Column(title="Token", text=lambda one, _: one.token, width=105),
        Column(title="Stated", text=lambda one, now: age(one.at, now), order=lambda one: -one.at.timestamp(),
               has_age=True, tip=lambda one: moment(one.at), width=95),
        Column(title="Transaction", text=lambda one, _: short(one.transaction) if one.transaction else "none yet",
               tip=lambda one: one.transaction or ""),
    )  # fmt: skip
