"""`skerry proof`: export a proof bundle, check one with nothing but the file, look into one.

`verify` and `show` need no agent, no network and no settings. Exit status: 0 only when everything in the bundle holds.
"""

import asyncio
import json
from pathlib import Path
from typing import Any

import click

from skerry_agent.cli.context import Cli, json_option, pass_cli
from skerry_agent.cli.context import show as show_result
from skerry_agent.cli.exits import ERROR, leave
from skerry_agent.cli.proof_text import json_report, text_contents, text_report, utc
from skerry_client.paths import choose_paths
from skerry_core.errors import NotFoundError, UsageError, UserError

__all__ = ["proof"]

_MAX_PROFILE_BYTES = 1 << 20


_folder_option = click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="The agent's folder, as with `skerry --dir`. The agent may be running.",
)


@click.group()
def proof() -> None:
    """Proofs of coverage that anyone can check."""


@proof.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--trust",
    "trusted",
    multiple=True,
    metavar="KEY",
    help="An oracle's address whose word you believe, or a network profile file that lists such keys. Repeatable.",
)
@json_option
def verify(*, file: Path, trusted: tuple[str, ...], as_json_: bool) -> None:
    """Check FILE: hashes, seals, signatures, and every verdict again by the network's rules.

    Says how much stands behind it (self-claimed, mutually-witnessed, oracle-verified) and what it does not prove.
    """
    from skerry_coverage.bundle.errors import BundleRejected
    from skerry_coverage.bundle.verify import verify_bundle

    keys = frozenset().union(*(_trusted_keys(text) for text in trusted))
    try:
        report = verify_bundle(_read(file), trusted_keys=keys)
    except BundleRejected as error:
        if not as_json_:
            raise
        failure = {"code": error.reason, "where": "file", "detail": error.detail}
        click.echo(json.dumps({"intact": False, "level": "nothing", "failures": [failure]}))
        leave(ERROR)
    show_result(json_report(report), json_wanted=as_json_, text=lambda: text_report(report, name=file.name))
    if not report.is_intact:
        leave(ERROR)


@proof.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@json_option
def show(*, file: Path, as_json_: bool) -> None:
    """List what FILE contains, entry by entry. Checks the container only: use `verify` for everything else."""
    from skerry_coverage.bundle import container
    from skerry_coverage.bundle.model import Bundle

    body = container.unpack(_read(file))
    contents = _contents(Bundle.from_map(body), container.cid(body))
    show_result(contents, json_wanted=as_json_, text=lambda: text_contents(contents))


@proof.command()
@click.argument("beacon", required=False)
@_folder_option
@click.option("--out", "-o", type=click.Path(path_type=Path, dir_okay=False), help="Where to write the bundle.")
@click.option(
    "--profile",
    metavar="NAME_OR_FILE",
    help="The network profile that goes into the bundle; default: the one of the operator in the same folder.",
)
@click.option("--without", multiple=True, metavar="KIND", help="Leave entries of this kind out. Repeatable.")
@click.option("--list", "only_list", is_flag=True, help="List the beacons that can be proved.")
@pass_cli
def export(
    cli: Cli,
    /,
    *,
    beacon: str | None,
    folder: Path,
    out: Path | None,
    profile: str | None,
    without: tuple[str, ...],
    only_list: bool,
) -> None:
    """Write a bundle that proves BEACON (the id that --list shows; default: the newest one)."""
    paths = cli.paths if folder is None else choose_paths(folder, environ={})
    if only_list:
        for line in asyncio.run(_list(paths.database)):
            click.echo(line)
        return
    content = _profile_content(profile) if profile else _operators_profile(paths.state)
    packed = asyncio.run(_export(paths.database, beacon, content, without))
    target = out or Path("proof.skp")
    target.write_bytes(packed)
    click.echo(f"{target}: {len(packed)} bytes. Check it with: skerry proof verify {target}")


@proof.command()
@_folder_option
@json_option
@pass_cli
def check(cli: Cli, /, *, folder: Path | None, as_json_: bool) -> None:
    """Check the agent's whole evidence: every entry, the chain, every seal. Says what retention has deleted."""
    from skerry_agent.cli.proof_text import json_check, text_check

    reports = asyncio.run(_check((cli.paths if folder is None else choose_paths(folder, environ={})).database))
    show_result(json_check(reports), json_wanted=as_json_, text=lambda: text_check(reports))
    if not all(report.is_intact for report in reports.values()):
        leave(ERROR)


async def _check(database: Path) -> dict[bytes, Any]:
    from skerry_agent.cli.evidence_logs import EvidenceLogs
    from skerry_agent.evidence.check import check as check_log
    from skerry_keys.verify import verify as verify_signature

    async with EvidenceLogs(database) as logs:
        return {log.agent: await check_log(log, verify=verify_signature) for log in logs}


async def _list(database: Path) -> list[str]:
    from skerry_agent.cli.evidence_logs import EvidenceLogs
    from skerry_agent.evidence.export import beacons

    async with EvidenceLogs(database) as logs:
        found = await beacons(logs)
    return [f"{entry_id.hex()}  {_time(entry.stamp.wall_ns)}" for entry_id, entry in found]


async def _export(database: Path, beacon: str | None, profile: bytes, without: tuple[str, ...]) -> bytes:
    from skerry_agent.cli.evidence_logs import EvidenceLogs
    from skerry_agent.evidence.export import beacons, export_beacons
    from skerry_coverage.bundle import container

    async with EvidenceLogs(database) as logs:
        known = [entry_id for entry_id, _ in await beacons(logs)]
        bundle = await export_beacons(
            logs, [_choose(beacon, known)], profile=profile, leave_out=frozenset(map(_kind, without))
        )
    return container.pack(bundle.to_map())


def _profile_content(name_or_file: str) -> bytes:
    """Return the canonical content of a shipped profile, or of a file in either form."""
    from skerry_coverage.bundle.profile import profile_bytes, read_profile
    from skerry_coverage.evidence.errors import EvidenceRejected
    from skerry_coverage.profile.loader import SHIPPED, load_profile

    if name_or_file in SHIPPED:
        return profile_bytes(load_profile(name_or_file))
    try:
        return profile_bytes(read_profile(_read(Path(name_or_file), limit=_MAX_PROFILE_BYTES)).profile)
    except EvidenceRejected as error:
        raise UsageError("E_PROFILE", f"{name_or_file}: {error.detail}.") from None


def _operators_profile(state: Path) -> bytes:
    """Return the profile's content of the network that this folder operates."""
    from skerry_agent.operator.network_file import OperatorFolder
    from skerry_coverage.bundle.profile import profile_bytes
    from skerry_coverage.profile.loader import load_profile, with_overrides

    folder = OperatorFolder(state / "operator")
    if not folder.exists:
        raise UsageError(
            "E_NO_PROFILE", "This agent is no operator.", remedy="Give the network's profile with --profile."
        )
    network = folder.read()
    return profile_bytes(with_overrides(load_profile(network.profile), network.overrides))


def _choose(beacon: str | None, known: list[bytes]) -> bytes:
    """Return the entry id that a person means: a unique beginning, or the newest."""
    matching = [entry_id for entry_id in known if entry_id.hex().startswith((beacon or "").lower())]
    if not matching or (beacon is not None and len(matching) > 1):
        problem = "There is no beacon" if not matching else f"{len(matching)} beacons begin with {beacon!r}"
        raise NotFoundError(
            "E_NO_SUCH_BEACON", f"{problem} to prove.", remedy="`skerry proof export --list` shows what there is."
        )
    return matching[-1]


def _kind(text: str) -> Any:
    from skerry_coverage.evidence.entry import EntryKind

    try:
        return EntryKind(text)
    except ValueError:
        known = ", ".join(sorted(EntryKind))
        raise UsageError("E_ENTRY_KIND", f"{text!r} is no kind of entry.", remedy=f"Known kinds: {known}.") from None


def _trusted_keys(text: str) -> frozenset[bytes]:
    """Return the keys that a --trust value names: an address, or a profile file."""
    from skerry_coverage.bundle.profile import read_profile
    from skerry_coverage.evidence.errors import EvidenceRejected
    from skerry_keys.errors import KeyRejected
    from skerry_keys.public_key import PublicKey

    try:
        return frozenset([PublicKey.from_address(text).binary])
    except KeyRejected:
        if not Path(text).is_file():
            raise UsageError(
                "E_TRUST_KEY",
                f"--trust {text}: it is neither an oracle's address nor a profile file.",
                remedy="Ask the network's operator for the address of its oracle key.",
            ) from None
    try:
        return read_profile(_read(Path(text), limit=_MAX_PROFILE_BYTES)).oracle_keys()
    except EvidenceRejected as error:
        raise UsageError("E_TRUST_KEY", f"--trust {text}: {error.detail}.") from None


def _read(file: Path, *, limit: int | None = None) -> bytes:
    from skerry_coverage.bundle.container import MAX_FILE_BYTES

    bound = MAX_FILE_BYTES if limit is None else limit
    try:
        with file.open("rb") as stream:
            return stream.read(bound + 1)  # one more, so that the reader sees that it is too large
    except OSError as error:
        raise UserError("E_FILE", f"{file} cannot be read: {error.strerror}.", remedy="Check the path.") from None


def _contents(bundle: Any, cid: str) -> dict[str, Any]:
    from skerry_coverage.evidence.errors import EvidenceRejected

    entries: list[dict[str, Any]] = []
    for log in bundle.logs:
        for segment in log.segments:
            for opened in segment.entries:
                try:
                    entry = opened.entry()
                except EvidenceRejected as error:
                    entries.append({"error": str(error)})
                    continue
                entries.append(
                    {
                        "id": entry.id(opened.salt).hex(),
                        "agent": entry.agent.hex(),
                        "seq": entry.seq,
                        "kind": entry.kind,
                        "time": _time(entry.stamp.wall_ns),
                        "time_source": str(entry.stamp.source),
                        "link": entry.link,
                        "source": entry.source,
                        "bytes": len(opened.body),
                    }
                )
    shown = sum(len(segment.leaves) for log in bundle.logs for segment in log.segments) - len(entries)
    return {
        "cid": cid,
        "network": bundle.network,
        "made_by": bundle.made_by,
        "entries": entries,
        "hidden_entries": shown,
    }


def _time(wall_ns: int | None) -> str | None:
    return None if wall_ns is None else utc(wall_ns)
