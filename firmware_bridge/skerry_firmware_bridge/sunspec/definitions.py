"""SunSpec model definitions, read from the data files that the pysunspec2 distribution carries (Apache-2.0).

Only its data is used, never its code: the package's own input and output is blocking.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from skerry_core.errors import SkerryError

__all__ = ["DefinitionsMissing", "Group", "Point", "definition"]


class DefinitionsMissing(SkerryError):
    """The model definition files are not installed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One point: `size` in registers; `scale` is an exponent, the name of the point that holds it, or None."""

    name: str
    type: str
    size: int
    scale: int | str | None = None
    units: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Points and the groups after them. `count`: None = once, a number (0 = as often as fits) or a point's name."""

    name: str
    points: tuple[Point, ...]
    groups: tuple["Group", ...]
    count: int | str | None = None

    @property
    def fixed_size(self) -> int:
        """Registers of the group's own points."""
        return sum(point.size for point in self.points)

    @property
    def scale_offsets(self) -> list[int]:
        """Offsets of the scale factors among the group's own points, in registers."""
        at, found = 0, []
        for point in self.points:
            found += [at] if point.type == "sunssf" else []
            at += point.size
        return found


@cache
def definition(model_id: int) -> Group | None:
    """Return a model's definition without its ID and L points, None for a model that nobody published."""
    path = _folder() / f"model_{model_id}.json"
    if not path.is_file():
        return None
    group = _group(json.loads(path.read_text(encoding="utf-8"))["group"])
    return Group(name=group.name, points=group.points[2:], groups=group.groups)


@cache
def _folder() -> Path:
    spec = find_spec("sunspec2")
    if spec is None or not spec.submodule_search_locations:
        raise DefinitionsMissing("the pysunspec2 distribution, which holds the SunSpec models, is not installed")
    return Path(next(iter(spec.submodule_search_locations))) / "models" / "json"


def _group(raw: dict[str, Any]) -> Group:
    return Group(
        name=raw["name"],
        points=tuple(_point(point) for point in raw.get("points", ())),
        groups=tuple(_group(group) for group in raw.get("groups", ())),
        count=raw.get("count"),
    )


def _point(raw: dict[str, Any]) -> Point:
    return Point(name=raw["name"], type=raw["type"], size=raw["size"], scale=raw.get("sf"), units=raw.get("units"))
