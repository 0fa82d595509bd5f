"""The status page for a headless box: server-rendered, no script, nothing from elsewhere. Served at `/`.

Every text on it may come from radios or other people, so everything passes `escape`.
"""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from html import escape

from skerry_agent.api.present import rfc3339
from skerry_agent.api.view import AgentStatus, DeviceState, LiveDevice
from skerry_agent.store import Backlog, BeaconRow, DeviceRow, PacketRow, WitnessRow
from skerry_client.readings import last_heard, says, short_name
from skerry_core import __version__
from skerry_core.clock import NS_PER_S

__all__ = ["CONTENT_SECURITY_POLICY", "document", "page"]

REFRESH_S = 15
_STYLE = """
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
body{max-width:70rem;margin:1rem auto;padding:0 1rem}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin:1.5rem 0 .3rem}
table{border-collapse:collapse;width:100%;display:block;overflow-x:auto}
th,td{text-align:left;vertical-align:top;padding:.2rem .8rem .2rem 0;white-space:nowrap}
td.words{white-space:normal;min-width:16rem}
th{font-weight:600;border-bottom:1px solid}
.state{font-weight:600}.test{border:2px solid;padding:.3rem .6rem}
"""
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# Colour is never the only sign: each state has a word and a shape.
_SENTENCES = {"reason", "says"}  # columns that are wrapped
_MARKS = {DeviceState.UP: "● up", DeviceState.DOWN: "✖ down", DeviceState.UNKNOWN: "? unknown"}


def page(
    *,
    status: AgentStatus,
    devices: Sequence[tuple[DeviceRow, LiveDevice]],
    packets: Sequence[PacketRow],
    beacons: Sequence[BeaconRow],
    witnesses: Sequence[WitnessRow],
    backlog: Sequence[Backlog],
    test_tokens: bool,
) -> str:
    """Return the page."""
    parts = [
        f'<p class="state">{_MARKS[status.state]}</p><p>{escape(status.summary)}</p>',
        '<p class="test">Test tokens only: worthless.</p>' if test_tokens else "",
        f"<p>{escape(status.operator.reason)}</p>",
        f"<p>Next: <code>{escape(status.next_step)}</code></p>" if status.next_step else "",
        _section("Hotspots", ("name", "state", "region", "location", "reason"), (
            (one.name, _MARKS[one.state], one.region, one.location, one.reason) for one in status.hotspots)),
        _section("Further networks", ("name", "state", "uplinks", "last packet", "reason"), (
            (one.name, _MARKS[one.state], one.uplinks, _seconds(one.last_packet_age_s), one.reason)
            for one in status.networks)),
        _section("Devices", ("device", "state", "kind", "last heard", "says"), (
            (short_name(row.id, row.name), _MARKS[live.state], row.kind, _heard(row.kind, live, status.as_of_ns),
             says(live.state.value, live.reason, live.values)) for row, live in devices)),
        _section("Path from antenna to reward", ("stage", "state", "passed", "stopped", "reason"), (
            (one.stage, _MARKS[one.state], one.passed, one.stopped, one.reason) for one in status.path)),
        _section("Last frames", ("time", "id", "kind", "rssi dBm", "stage", "reason"), (
            (_time(one.at_ns), one.id, one.kind, one.rssi_dbm, one.stage, one.reason) for one in packets)),
        _section("Beacons", ("time", "frequency Hz", "report", "verdict", "reason"), (
            (_time(one.at_ns), one.frequency_hz, one.state.value, one.verdict.value, one.reason) for one in beacons)),
        _section("Witness reports", ("time", "rssi dBm", "report", "verdict", "reason"), (
            (_time(one.at_ns), one.rssi_dbm, one.state.value, one.verdict.value, one.reason) for one in witnesses)),
        _section("Waiting to be sent", ("what", "how many", "oldest"), (
            (one.class_, one.waiting, _time(one.oldest_ns)) for one in backlog)),
        f"<p>Version {escape(__version__)}, as of {_time(status.as_of_ns)}. More: <code>skerry doctor</code></p>",
    ]  # fmt: skip
    return document("Skerry", "".join(parts), refresh_s=REFRESH_S)


def document(title: str, body: str, *, refresh_s: int | None = None) -> str:
    """Return a whole page around checked markup, with the one style sheet that the policy allows."""
    refresh = f'<meta http-equiv="refresh" content="{refresh_s}">' if refresh_s else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width">{refresh}'
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>{body}</body></html>"
    )


def _section(title: str, headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    head = "".join(f'<th scope="col">{escape(header)}</th>' for header in headers)
    wraps = [' class="words"' if header in _SENTENCES else "" for header in headers]
    body = "".join(
        "<tr>" + "".join(f"<td{wrap}>{_cell(cell)}</td>" for wrap, cell in zip(wraps, row, strict=True)) + "</tr>"
        for row in rows
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if body else "<p>None.</p>"
    return f"<h2>{escape(title)}</h2>{table}"


def _cell(cell: object) -> str:
    return "–" if cell is None else escape(str(cell))


def _heard(kind: str, live: LiveDevice, now_ns: int) -> str:
    as_of, now = (datetime.fromtimestamp(at_ns // NS_PER_S, UTC) for at_ns in (live.as_of_ns, now_ns))
    return last_heard(kind, live.state.value, live.values, as_of, now)


def _seconds(age_s: int | None) -> str | None:
    return None if age_s is None else f"{age_s} s ago"


def _time(wall_ns: int) -> str:
    return rfc3339(wall_ns).replace("T", " ")[:19] + " UTC"
