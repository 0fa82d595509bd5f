"""Loads profiles: shipped ones by name, an operator's by path, and variants with changed parameters for demos."""

import hashlib
from collections.abc import Mapping
from copy import deepcopy
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from skerry_core.strict_json import JsonRejected, canonical, loads
from skerry_coverage.iot.density import DENSITY_TABLES
from skerry_coverage.iot.parameters import PocParameters
from skerry_coverage.iot.rewards import Price, SplitRules
from skerry_coverage.profile.document import Document, Section
from skerry_coverage.profile.errors import ProfileRejected
from skerry_coverage.profile.model import Emission, IotEntry, Operator, Profile, Token
from skerry_coverage.profile.rule_sets import RULE_SETS

__all__ = ["SHIPPED", "load_profile", "parse_profile", "with_overrides"]

SHIPPED = ("skerry-open", "helium-iot")
_FORMAT = 1
_ADMISSION = ("manual", "allow-list", "fee", "none")
_MAX_S = 366 * 86_400
_MAX_AMOUNT = 1 << 64
_WHOLE_PPM = 1_000_000


def load_profile(name_or_path: str | Path) -> Profile:
    """Load a shipped profile by name or a file by path. Raises `ProfileRejected`, also when there is no such file."""
    name = str(name_or_path)
    if name in SHIPPED:
        text = files("skerry_coverage.profile").joinpath(f"data/{name}.toml").read_text("utf-8")
        return parse_profile(text, source=f"{name}.toml")
    try:
        text = Path(name).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problem = f"cannot be read: {error}; shipped profiles are {', '.join(SHIPPED)}"
        raise ProfileRejected(source=name, line=None, setting="", problem=problem) from None
    return parse_profile(text, source=name)


def parse_profile(text: str, *, source: str) -> Profile:
    """Read a profile's text, TOML or the canonical JSON of an exported one; `source` is what errors call it.

    Raises `ProfileRejected`.
    """
    if not text.lstrip().startswith("{"):
        return _read(Document.parse(text, source))
    try:
        content = loads(text.encode())
    except JsonRejected as error:
        raise ProfileRejected(source=source, line=None, setting="", problem=f"not JSON: {error}") from None
    return _read(Document(source=source, text=None, content=content))


def with_overrides(profile: Profile, changes: Mapping[str, object]) -> Profile:
    """Return a variant, such as `{"iot.epoch_s": 600, "iot.poc.beacon_interval_s": 60}`; its hash differs.

    A path through the list of entries changes all of them. Raises `ProfileRejected` for a setting that does not exist
    or does not accept the value.
    """
    content = deepcopy(dict(profile.content))
    document = Document(source=f"{profile.id} with overrides", text=None, content=content)
    for dotted, value in changes.items():
        if not _assign(content, dotted.split("."), value):
            raise document.refuse((dotted,), "no such setting to override")
    return _read(document)


def _assign(node: Any, names: list[str], value: object) -> bool:
    if isinstance(node, list):
        return bool(node) and all(_assign(element, names, value) for element in node)
    name, *rest = names
    if not isinstance(node, dict) or name not in node:
        return False
    if rest:
        return _assign(node[name], rest, value)
    node[name] = value
    return True


def _read(document: Document) -> Profile:
    root = document.root()
    root.integer("format", low=_FORMAT, high=_FORMAT)
    tokens = {name: _token(name, section) for name, section in root.section("tokens").named_sections()}
    members: dict[str, Any] = {
        "id": root.text("id"),
        "network": root.text("network"),
        "title": root.text("title"),
        "pays": root.boolean("pays"),
        "operator": _operator(root.section("operator")),
        "iot": _entries(root, tokens),
    }
    root.finish()
    # Every member was taken as text, integer or boolean by now, so the canonical form cannot fail.
    content_hash = hashlib.sha256(canonical(document.content)).digest()
    return Profile(**members, tokens=tokens, hash=content_hash, content=document.content)


def _token(name: str, section: Section) -> Token:
    token = Token(id=name, symbol=section.text("symbol"), decimals=section.integer("decimals", low=0, high=18))
    section.finish()
    return token


def _operator(section: Section) -> Operator:
    keys = section.texts("oracle_keys")
    operator = Operator(
        admission=section.text("admission", choices=_ADMISSION),
        oracle_keys=keys,
        signatures_needed=section.integer("signatures_needed", low=0, high=max(len(keys), 1)),
        entropy_interval_s=section.integer("entropy_interval_s", low=1, high=3600),
    )
    section.finish()
    return operator


def _entries(root: Section, tokens: Mapping[str, Token]) -> tuple[IotEntry, ...]:
    sections = root.sections("iot")
    entries: list[IotEntry] = []
    for section in sections:
        entry = _entry(section, tokens)
        if entries and (entries[-1].ends_s is None or entries[-1].ends_s > entry.starts_s):
            raise section.refuse("from", "entries are in order of time and do not overlap")
        section.finish()
        entries.append(entry)
    return tuple(entries)


def _entry(section: Section, tokens: Mapping[str, Token]) -> IotEntry:
    starts_s = _time_s(section, "from")
    ends_s = _time_s(section, "until") if section.has("until") else None
    if ends_s is not None and ends_s <= starts_s:
        raise section.refuse("until", "the end comes after the start")
    token = tokens[section.text("token", choices=tuple(tokens))]
    return IotEntry(
        rules=RULE_SETS[section.text("rules", choices=tuple(RULE_SETS))],
        starts_s=starts_s,
        ends_s=ends_s,
        token=token,
        epoch_s=section.integer("epoch_s", low=1, high=_MAX_S),
        lateness_s=section.integer("lateness_s", low=0, high=_MAX_S),
        poc=_poc(section.section("poc")),
        density_table=section.text("density_table", choices=tuple(DENSITY_TABLES)),
        density_window_s=section.integer("density_window_s", low=1, high=_MAX_S),
        split=_split(section.section("split")),
        emission=_emission(section.section("emission")) if section.has("emission") else None,
        price=_price(section.section("price"), token) if section.has("price") else None,
        minimum_dc=section.integer("minimum_dc", low=0, high=_MAX_AMOUNT),
    )


def _time_s(section: Section, name: str) -> int:
    text = section.text(name)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise section.refuse(name, f"expected a time with zone such as 2024-01-26T00:00:00Z, got {text!r}")
    return int(moment.timestamp())


def _poc(section: Section) -> PocParameters:
    seconds = {
        name: section.integer(name, low=1, high=_MAX_S) for name in ("beacon_interval_s", "reciprocity_window_s")
    }
    parameters = PocParameters(
        **seconds,
        entropy_lifespan_s=section.integer("entropy_lifespan_s", low=1, high=86_400),
        max_witnesses=section.integer("max_witnesses", low=0, high=1000),
        max_lag_after_beacon_ms=section.integer("max_lag_after_beacon_ms", low=0, high=3_600_000),
        max_lag_after_first_witness_ms=section.integer("max_lag_after_first_witness_ms", low=0, high=3_600_000),
        max_frequency_offset_hz=section.integer("max_frequency_offset_hz", low=0, high=1_000_000_000),
        min_distance_cells=section.integer("min_distance_cells", low=0, high=10_000),
        max_distance_km=section.integer("max_distance_km", low=0, high=20_000),
        reciprocity_required=section.boolean("reciprocity_required"),
    )
    section.finish()
    return parameters


def _split(section: Section) -> SplitRules:
    name = section.text("name")
    parts = ("beacon_ppm", "witness_ppm", "data_transfer_ppm", "operations_ppm", "oracles_ppm")
    unused = ("unused_to_beacon_ppm", "unused_to_witness_ppm", "unused_to_operations_ppm")
    values = {part: section.integer(part, low=0, high=_WHOLE_PPM) for part in (*parts, *unused)}
    for names in (parts, unused):
        total = sum(values[part] for part in names)
        if total > _WHOLE_PPM:
            raise section.refuse(names[0], f"the parts add up to {total}, at most {_WHOLE_PPM}")
    section.finish()
    return SplitRules(name=name, **values)


def _emission(section: Section) -> Emission:
    emission = Emission(
        pool_bones=section.integer("pool_bones", low=0, high=_MAX_AMOUNT),
        span_s=section.integer("span_s", low=1, high=10 * _MAX_S),
    )
    section.finish()
    return emission


def _price(section: Section, token: Token) -> Price:
    price = Price(oracle_price=section.integer("oracle_price", low=1, high=_MAX_AMOUNT), decimals=token.decimals)
    section.finish()
    return price
