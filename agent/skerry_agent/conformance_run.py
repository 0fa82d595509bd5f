"""Runs conformance vectors (vectors/README.md) against this program's rules. Used by `skerry conformance`.

A kind that the program does not know is unsupported, which makes the run fail like a wrong result.
"""

import importlib
import importlib.util
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from skerry_core import strict_json
from skerry_core.conformance import Kind, run_case
from skerry_core.errors import NotFoundError, UsageError

__all__ = ["KindResult", "collect_kinds", "run_files", "vector_files"]

MODULES = (
    "skerry_keys.conformance",
    "skerry_wire.conformance",
    "skerry_radio.conformance",
    "skerry_coverage.conformance",
    "skerry_firmware_bridge.conformance",
    "skerry_simulate.conformance",
    "skerry_wallet.conformance",
    "skerry_oracle.conformance",
)
MAX_FILE_BYTES = 64 << 20  # recorded days of a network are tens of MB


@dataclass(slots=True)
class KindResult:
    """The outcome of one kind."""

    passed: int = 0
    failed: int = 0
    unsupported: int = 0
    failures: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the object that `--json` prints for the kind."""
        return {
            "passed": self.passed,
            "failed": self.failed,
            "unsupported": self.unsupported,
            "failures": self.failures,
        }


def collect_kinds() -> dict[str, Kind]:
    """Return every kind that the installed packages implement."""
    kinds: dict[str, Kind] = {}
    for name in MODULES:
        if importlib.util.find_spec(name) is not None:
            kinds.update(importlib.import_module(name).KINDS)
    return kinds


def vector_files(paths: Sequence[Path]) -> list[Path]:
    """Return the vector files that the paths name. Raises `NotFoundError` E_NO_VECTORS."""
    files: list[Path] = []
    for path in paths:
        found = sorted(path.rglob("*.json")) if path.is_dir() else [path]
        if not found or not found[0].is_file():
            raise NotFoundError("E_NO_VECTORS", f"{path} holds no vector files.", params={"path": str(path)})
        files += found
    return files


def run_files(files: Iterable[Path], kinds: Mapping[str, Kind]) -> dict[str, KindResult]:
    """Run every case. Raises `UsageError` E_VECTOR_FILE for a file that is not a vector file."""
    results: dict[str, KindResult] = {}
    for file in files:
        name, cases = _read(file)
        result = results.setdefault(name, KindResult())
        kind = kinds.get(name)
        if kind is None:
            result.unsupported += len(cases)
            continue
        for case in cases:
            passed, got = run_case(kind, case)
            result.passed += passed
            result.failed += not passed
            if not passed:
                result.failures.append({"id": case["id"], "expected": case["out"], "got": got})
    return dict(sorted(results.items()))


def _read(file: Path) -> tuple[str, list[dict[str, Any]]]:
    try:
        document = strict_json.loads(file.read_bytes(), limit_bytes=MAX_FILE_BYTES)
    except (OSError, strict_json.JsonRejected) as error:
        raise _bad_file(file, str(error)) from None
    if not isinstance(document, dict) or not isinstance(document.get("kind"), str):
        raise _bad_file(file, "it has no kind")
    cases = document.get("cases")
    if not isinstance(cases, list) or not all(
        isinstance(case, dict) and {"id", "in", "out"} <= case.keys() for case in cases
    ):
        raise _bad_file(file, "its cases are not objects with id, in and out")
    return document["kind"], cases


def _bad_file(file: Path, finding: str) -> UsageError:
    return UsageError("E_VECTOR_FILE", f"{file} is not a vector file: {finding}.", params={"file": str(file)})
