"""Finds conformance vectors: our copies under tests/vectors first, then the shared folder beside the checkout."""

import json
from pathlib import Path
from typing import Any

import pytest

from skerry_core.conformance import Kind, run_case

__all__ = ["cases", "run_kind", "shared_vectors"]

ROOT = Path(__file__).resolve().parents[3]


def shared_vectors() -> Path | None:
    """Return `shared/vectors` beside this checkout or one of its parents, None when it is not there."""
    for folder in ROOT.parents:
        candidate = folder / "shared" / "vectors"
        if candidate.is_dir():
            return candidate
    return None


def cases(kind: str) -> dict[str, Any]:
    """Return a kind's vector file; skip the calling test when it is only in the absent shared folder."""
    family = kind.split(".", maxsplit=1)[0]
    own = ROOT / "tests" / "vectors" / family / f"{kind}.json"
    if own.exists():
        return dict(json.loads(own.read_text()))
    shared = shared_vectors()
    if shared is None:
        pytest.skip("the shared vectors folder is not beside this checkout")
    (path,) = shared.glob(f"*/{kind}.json")
    return dict(json.loads(path.read_text()))


def run_kind(name: str, kind: Kind) -> None:
    """Assert that every case of the kind passes; the message lists expected and got of each failure."""
    failures = []
    for case in cases(name)["cases"]:
        passed, got = run_case(kind, case)
        if not passed:
            failures.append(f"{case['id']}: expected {case['out']}\n    got {got}")
    assert not failures, f"{name}: {len(failures)} failed\n" + "\n".join(failures)
