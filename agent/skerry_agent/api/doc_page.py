"""The API's documentation as one page, made from openapi.json; no script, nothing from elsewhere. Served at `/docs`."""

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from skerry_agent.api.page import document

__all__ = ["doc_page"]


def doc_page(openapi: bytes) -> str:
    """Return the page for a contract."""
    contract: dict[str, Any] = json.loads(openapi)
    info = contract["info"]
    parts = [
        f"<p>{escape(info['description'])}</p><p>The contract itself: <code>/openapi.json</code></p>",
        *(part for path, item in contract["paths"].items() for part in _operations(path, item, contract)),
        "<h2>Objects</h2>",
        *(_schema(name, schema) for name, schema in contract["components"]["schemas"].items()),
    ]
    return document(f"{info['title']}, API version {info['version']}", "".join(parts))


def _operations(path: str, item: Mapping[str, Any], contract: Mapping[str, Any]) -> Iterator[str]:
    for method, operation in item.items():
        text = f"<h2><code>{method.upper()} {escape(path)}</code></h2><p>{escape(operation['summary'])}</p>"
        if "description" in operation:
            text += f"<p>{escape(operation['description'])}</p>"
        parameters = [_resolved(one, contract) for one in operation.get("parameters", [])]
        if parameters:
            rows = "".join(
                f"<tr><td><code>{escape(one['name'])}</code></td><td>{one['in']}</td>"
                f"<td>{escape(one.get('description', ''))}</td></tr>"
                for one in parameters
            )
            text += f"<table><tbody>{rows}</tbody></table>"
        answers = ", ".join(
            f"{status}: {escape(_resolved(answer, contract)['description'])} {_kind(_resolved(answer, contract))}"
            for status, answer in operation["responses"].items()
        )
        yield f"{text}<p>Answers: {answers}</p>"


def _schema(name: str, schema: Mapping[str, Any]) -> str:
    if "properties" not in schema:
        return f"<h3 id='{name}'>{name}</h3><p><code>{escape(json.dumps(schema))}</code></p>"
    rows = "".join(
        f"<tr><td><code>{escape(member)}</code></td><td>{escape(_type(one))}</td>"
        f"<td>{escape(one.get('description', ''))}</td></tr>"
        for member, one in schema["properties"].items()
    )
    bases = ", ".join(one["$ref"].rpartition("/")[2] for one in schema.get("allOf", []))
    note = f"<p>With the members of {bases}.</p>" if bases else ""
    return f"<h3 id='{name}'>{name}</h3>{note}<table><tbody>{rows}</tbody></table>"


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "items" in schema:
        return f"list of {_type(schema['items'])}"
    return str(schema.get("type", "one of " + ", ".join(map(str, schema.get("enum", [schema.get("const")])))))


def _kind(answer: Mapping[str, Any]) -> str:
    names = [_type(content["schema"]) for content in answer.get("content", {}).values()]
    return f"({', '.join(names)})" if names else ""


def _resolved(value: Mapping[str, Any], contract: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in value:
        return value
    found: Any = contract
    for step in value["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    resolved: Mapping[str, Any] = found
    return resolved
