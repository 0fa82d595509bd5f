"""`skerry oracle manifest`, `signers` and `profile`: several oracles sign one epoch's manifest before it is paid."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from skerry_agent.cli.context import Cli, json_option, pass_cli, show
from skerry_agent.cli.oracle_client import ask
from skerry_agent.operator.oracle_folder import OracleFolder
from skerry_core.errors import UsageError
from skerry_core.files import PUBLIC_MODE, write_atomic

if TYPE_CHECKING:
    from skerry_oracle.epochs.evidence import EpochEvidence

__all__ = ["manifest", "profile", "signers"]

EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW = click.Path(dir_okay=False, path_type=Path)


@click.group()
def manifest() -> None:
    """Let several oracles sign an epoch's reward manifest.

    The paying oracle exports, each other oracle judges the epoch again and signs the file, the paying one imports it.
    """


@manifest.command("export")
@click.argument("epoch", type=int)
@click.argument("file", type=NEW)
@pass_cli
def export_manifest(cli: Cli, /, *, epoch: int, file: Path) -> None:
    """Write an epoch's manifest with everything that it was computed from."""
    write_atomic(file, ask(cli, "GET", f"/epochs/{epoch}/evidence"), mode=PUBLIC_MODE)
    click.echo(f"{file}: {len(_read(file).signatures)} signature(s)")


@manifest.command("sign")
@click.argument("file", type=EXISTING)
@json_option
@pass_cli
def sign_manifest(cli: Cli, /, *, file: Path, as_json_: bool) -> None:
    """Judge the epoch again; if our engine comes to the same manifest, add this oracle's signature to the file."""
    from skerry_agent.operator.seat import Seat
    from skerry_core.clock import SystemClock

    clock = SystemClock()
    seat = Seat.of(cli.paths, clock=clock)
    signed, findings = asyncio.run(seat.sign(_read(file), clock=clock))
    write_atomic(file, signed.to_bytes(), mode=PUBLIC_MODE)
    answer = {
        "epoch": findings.manifest.epoch,
        "manifest_hash": findings.manifest.hash.hex(),
        "paid_bones": findings.manifest.content["paid_bones"],
        "signatures": len(signed.signatures),
        "verified": list(findings.verified),
        "not_verified": list(findings.not_verified),
    }
    lines = [f"verified      {one}" for one in findings.verified]
    lines += [f"NOT verified  {one}" for one in findings.not_verified]
    lines.append(f"signed        epoch {answer['epoch']}, manifest {answer['manifest_hash']}")
    show(answer, json_wanted=as_json_, text=lambda: "\n".join(lines))


@manifest.command("import")
@click.argument("file", type=EXISTING)
@pass_cli
def import_manifest(cli: Cli, /, *, file: Path) -> None:
    """Take over the signatures of a file; the epoch is paid once there are enough."""
    from skerry_coverage.manifest import Manifest

    evidence = _read(file)
    stated = Manifest.from_bytes(evidence.manifest)
    answer = None
    for public_key, signature in evidence.signatures:
        body = {"manifest": stated.hash.hex(), "public_key": public_key.hex(), "signature": signature.hex()}
        answer = ask(cli, "POST", f"/epochs/{stated.epoch}/signatures", body)
    if answer is None:
        raise UsageError("E_EVIDENCE_FILE", "The file holds no signature.")
    missing = answer["missing"]
    click.echo(
        f"epoch {stated.epoch}: waiting for {missing} more signature(s)"
        if missing
        else f"epoch {stated.epoch}: all signatures are there"
    )


@click.command()
@click.argument("keys", nargs=-1)
@click.option("--needed", type=click.IntRange(1), help="How many of them must sign a manifest.")
@pass_cli
def signers(cli: Cli, /, *, keys: tuple[str, ...], needed: int | None) -> None:
    """Show or set the keys of the network's oracles; they count from the oracle's next start.

    Every oracle of the network needs the same ones: they are part of the profile.
    """
    if bool(keys) != (needed is not None):
        raise UsageError("E_SIGNERS", "Name all keys, and with --needed how many of them must sign.")
    kept, count = _signers_of(cli) if needed is None else _keep_signers(cli, keys, needed)
    click.echo(f"{count} of {len(kept)} must sign")
    for one in kept:
        click.echo(one)


@click.command()
@click.argument("file", type=NEW)
@pass_cli
def profile(cli: Cli, /, *, file: Path) -> None:
    """Write the network's whole profile: other oracles start from it with `skerry oracle init --profile FILE`."""
    write_atomic(file, ask(cli, "GET", "/profile"), mode=PUBLIC_MODE)


def _signers_of(cli: Cli) -> tuple[list[str], int]:
    from skerry_agent.operator.seat import Seat
    from skerry_core.clock import SystemClock

    operator = Seat.of(cli.paths, clock=SystemClock()).network.profile.operator
    return list(operator.oracle_keys), operator.signatures_needed


def _keep_signers(cli: Cli, keys: tuple[str, ...], needed: int) -> tuple[list[str], int]:
    from skerry_agent.operator.network_file import OperatorFolder
    from skerry_keys.errors import KeyRejected
    from skerry_keys.public_key import PublicKey

    try:
        kept = sorted({PublicKey.from_address(one).address for one in keys})
    except KeyRejected as error:
        raise UsageError("E_ADDRESS", f"A key is no Helium address: {error.reason}.") from None
    if needed > len(kept):
        raise UsageError("E_SIGNERS", f"{needed} signatures cannot come from {len(kept)} keys.")
    own = OracleFolder.of(cli.paths)
    if own.settings.exists():
        own.write(own.read() | {"oracle_keys": kept, "signatures_needed": needed})
    else:
        operator = OperatorFolder(cli.paths.state / "operator")
        network = operator.read()
        changes: dict[str, int | str | list[str]] = {
            "operator.oracle_keys": kept,
            "operator.signatures_needed": needed,
        }
        operator.write(replace(network, overrides=network.overrides | changes))
    return kept, needed


def _read(file: Path) -> "EpochEvidence":
    from skerry_oracle.epochs.evidence import EpochEvidence

    return EpochEvidence.from_bytes(file.read_bytes())
