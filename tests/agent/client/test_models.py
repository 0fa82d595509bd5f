"""Every model has exactly the members, types and options that the OpenAPI document states."""

import json
from dataclasses import fields
from datetime import datetime
from importlib import resources
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest

from skerry_client import models

SCHEMAS: dict[str, Any] = json.loads(resources.files("skerry_agent.api").joinpath("openapi.json").read_text())[
    "components"
]["schemas"]
MODELS = [
    "AuditLine", "Backlog", "Balance", "Beacon", "BeaconOffer", "Capabilities", "Clock", "Device", "Envelope",
    "Explanation", "Finding", "Hotspot", "Job", "Network", "Operator", "Packet", "Paired", "PathStage", "Readiness",
    "Reloaded", "Report", "Reward", "Status", "Step", "Witness",
]  # fmt: skip


def resolve(schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = SCHEMAS[schema["$ref"].rpartition("/")[2]]
    return schema


def members(schema: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
    properties, required = dict(schema.get("properties", {})), set(schema.get("required", []))
    for part in schema.get("allOf", []):
        more, needed = members(resolve(part))
        properties |= more
        required |= needed
    return properties, required


def json_types(hint: Any) -> set[str]:
    origin = get_origin(hint)
    if origin in (UnionType, Union):
        return {name for member in get_args(hint) for name in json_types(member)}
    if origin is Annotated or hint is str or hint is datetime:
        return {"string"}
    if origin is tuple:
        return {"array"}
    if origin is dict:
        return {"object"}
    return {NoneType: {"null"}, bool: {"boolean"}, int: {"integer"}, float: {"number"}}.get(hint, {"object"})


@pytest.mark.parametrize("name", MODELS)
def test_a_model_has_the_members_of_its_schema(name: str) -> None:
    kind = getattr(models, name)
    properties, required = members(SCHEMAS[name])
    assert {item.name.rstrip("_") for item in fields(kind)} == set(properties) == required


@pytest.mark.parametrize("name", MODELS)
def test_a_model_has_the_types_of_its_schema(name: str) -> None:
    properties, _ = members(SCHEMAS[name])
    for member, hint in get_type_hints(getattr(models, name), include_extras=True).items():
        schema = resolve(properties[member.rstrip("_")])
        if get_origin(hint) is Literal:
            assert set(get_args(hint)) == set(schema["enum"]), member
            continue
        stated = schema["type"]
        assert json_types(hint) == ({stated} if isinstance(stated, str) else set(stated)), member
        if hint in (datetime, datetime | None):
            assert schema["format"] == "date-time", member
        if get_origin(hint) is Annotated:
            assert schema["pattern"] == "^[0-9]+$", member
