"""Checks of the machine, the folders and the files; they work without a running agent.

What may be mended without asking carries its repair; `skerry doctor --fix` applies it.
"""

import errno
import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from skerry_agent.doctor.findings import Finding, Grade
from skerry_agent.doctor.repairs import Repair, create_folders, narrow, own_again, user_id
from skerry_agent.settings import Settings
from skerry_agent.settings.table import GATEWAY_KEY, SERIAL_RADIOS
from skerry_client.paths import Paths
from skerry_core.errors import UserError
from skerry_firmware_bridge.links.refusal import explain, holder_of
from skerry_wallet.keyfile.errors import KeyExposed
from skerry_wallet.keyfile.gateway import recorded_identity
from skerry_wallet.keyfile.private_file import read_private

__all__ = ["check_machine"]

LOW_DISK_BYTES = 200 << 20  # a backup and a few days of packets
FULL_DISK_BYTES = 20 << 20
HOT_CELSIUS = 80.0  # a Pi slows down there


def check_machine(paths: Paths, settings: Settings, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Yield the findings in order."""
    yield _settings(settings)
    yield _folder(paths)
    yield from _key_folder(paths)
    yield _disk(paths)
    yield from _temperature()
    yield _database(paths)
    yield _key(paths, settings)
    yield from (replace(_serial_port(radio), device=radio) for radio in settings[SERIAL_RADIOS])
    del environ


def _finding(
    check: str, grade: Grade, evidence: str, *, reason: str = "", fix: str = "", stage: str = "machine",
    repair: Repair | None = None,
) -> Finding:  # fmt: skip
    return Finding(stage=stage, check=check, grade=grade, evidence=evidence, reason=reason, fix=fix, repair=repair)


def _settings(settings: Settings) -> Finding:
    if settings.warnings:
        return _finding(
            "settings", Grade.WARN, settings.warnings[0], reason="Unknown settings have no effect.",
            fix="skerry config check",
        )  # fmt: skip
    return _finding("settings", Grade.PASS, "every key is known")


def _folder(paths: Paths) -> Finding:
    if not paths.state.is_dir():
        return _finding(
            "state folder", Grade.UNKNOWN, f"{paths.state} does not exist yet", fix="skerry run",
            repair=_missing_folders(paths),
        )  # fmt: skip
    if not os.access(paths.state, os.W_OK):
        return _finding(
            "state folder", Grade.FAIL, f"{paths.state} cannot be written",
            reason="Nothing can be stored, so nothing is acknowledged.",
            fix=f"Give it to the user who runs the agent: chown -R USER {paths.state}", repair=own_again(paths.state),
        )  # fmt: skip
    return _finding("state folder", Grade.PASS, f"{paths.state} can be written")


def _missing_folders(paths: Paths) -> Repair | None:
    """Return the repair, None for root and a system service: its folders are systemd's to make, with the right owner.

    The folder of keys is made by nobody but the agent: an empty one would hide that the keys are gone.
    """
    if user_id() == 0 and paths.config.parent != paths.state:
        return None
    return create_folders(*dict.fromkeys((paths.state, paths.runtime)))


def _key_folder(paths: Paths) -> Iterator[Finding]:
    repair = narrow(paths.keys)
    if repair is not None:
        yield _finding(
            "key folder", Grade.WARN, f"{paths.keys} is open to other users", reason="They can see which keys exist.",
            fix=f"chmod 700 {paths.keys}", repair=repair,
        )  # fmt: skip


def _disk(paths: Paths) -> Finding:
    place = next(folder for folder in (paths.state, *paths.state.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    evidence = f"{free >> 20} MiB free at {place}"
    if free < FULL_DISK_BYTES:
        return _finding("disk", Grade.FAIL, evidence, reason="The databases cannot grow.", fix="Free some space.")
    if free < LOW_DISK_BYTES:
        return _finding("disk", Grade.WARN, evidence, reason="Space runs out soon.", fix="Lower retention.packets_max.")
    return _finding("disk", Grade.PASS, evidence)


def _temperature() -> Iterator[Finding]:
    zone = Path("/sys/class/thermal/thermal_zone0/temp")
    try:
        celsius = int(zone.read_text()) / 1000
    except (OSError, ValueError):
        return  # most machines but a Pi do not have it
    hot = celsius >= HOT_CELSIUS
    yield _finding(
        "temperature", Grade.WARN if hot else Grade.PASS, f"{celsius:.0f} C",
        reason="The processor slows down." if hot else "", fix="Give the box some air." if hot else "",
    )  # fmt: skip


def _database(paths: Paths) -> Finding:
    if not paths.database.exists():
        return _finding("database", Grade.UNKNOWN, "there is none yet", fix="skerry run")
    try:
        with closing(sqlite3.connect(f"file:{paths.database}?mode=ro", uri=True)) as connection:
            found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        found = str(error)
    if found != "ok":
        return _finding(
            "database", Grade.FAIL, str(found), reason="The file is damaged.",
            fix="Stop the agent and put a backup back: skerry restore FILE",
        )  # fmt: skip
    return _finding("database", Grade.PASS, f"{paths.database.name}: integrity check is ok")


def _key(paths: Paths, settings: Settings) -> Finding:
    place = settings[GATEWAY_KEY]
    if "://" in place and not place.startswith("file://"):
        return _finding("gateway key", Grade.UNKNOWN, f"it is in hardware: {place.partition('?')[0]}")
    path = Path(place.removeprefix("file://")) if place else paths.gateway_key
    try:
        read_private(path)
        recorded = recorded_identity(paths.keys)
    except FileNotFoundError:
        return _no_key(paths, path)
    except PermissionError:
        return _finding("gateway key", Grade.FAIL, "it cannot be read by this user", fix="Run as the agent's user.")
    except KeyExposed as error:
        return _finding(
            "gateway key", Grade.FAIL, error.detail, reason=error.code, fix=error.remedy, repair=narrow(path)
        )
    except UserError as error:
        return _finding("gateway key", Grade.FAIL, error.detail, reason=error.code, fix=error.remedy)
    return _finding("gateway key", Grade.PASS, f"{path} is private; {recorded or 'not yet used'}")


def _no_key(paths: Paths, path: Path) -> Finding:
    recorded = recorded_identity(paths.keys)
    if recorded is None:
        return _finding("gateway key", Grade.UNKNOWN, "there is none yet", fix="skerry run makes it at the first start")
    return _finding(
        "gateway key", Grade.FAIL, f"{path} of {recorded} is gone", reason="A new key would be another hotspot.",
        fix="Put the key file back from a backup.",
    )  # fmt: skip


def _serial_port(radio: str) -> Finding:
    """Look at the port of a radio that the settings name; a running agent knows more of it (`findings.together`)."""
    port = Path(radio.partition(":")[2])
    if not port.exists():
        return _finding(
            "serial port", Grade.FAIL, f"{port} does not exist", stage="radio", reason="The radio is unplugged.",
            fix="Plug the radio in, or correct serial.radios; `ls /dev/serial/by-id` lists what is there.",
        )  # fmt: skip
    if not os.access(port, os.R_OK | os.W_OK):
        refusal = explain(str(port), PermissionError(errno.EACCES, "may not be opened"))
        return _finding(
            "serial port", Grade.FAIL, f"{port} may not be opened by this user", stage="radio", fix=refusal.remedy
        )
    if (holder := holder_of(str(port))) is not None and holder[1] == "ModemManager":
        refusal = explain(str(port), OSError(errno.EBUSY, "busy"))
        return _finding("serial port", Grade.FAIL, refusal.detail, stage="radio", fix=refusal.remedy)
    return _finding("serial port", Grade.PASS, f"{port} may be opened", stage="radio")
