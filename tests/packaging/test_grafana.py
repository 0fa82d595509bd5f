"""The dashboard in packaging/grafana shows metrics that the agent has, and has the shape that Grafana imports."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from skerry_agent.metrics import NAMES, Metric

DASHBOARD = json.loads((Path(__file__).parents[2] / "packaging" / "grafana" / "skerry.json").read_text())
# Label names of Prometheus itself and of its histograms, beside those that the agent declares.
OUTSIDE_LABELS = {"instance", "le"}


def panels() -> list[dict[str, Any]]:
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def targets() -> Iterator[tuple[str, dict[str, Any]]]:
    for panel in panels():
        for target in panel["targets"]:
            yield panel["title"], target


def metrics_in(expression: str) -> list[str]:
    return re.findall(r"\bskerry_\w+", expression)


def declared(name: str) -> Metric:
    """Return the declaration; only a histogram may be asked for its buckets, sum or count."""
    base = re.sub(r"_(bucket|sum|count)$", "", name)
    metric = NAMES[name if name in NAMES else base]
    assert (metric.kind == "histogram") == (name not in NAMES), name
    return metric


def test_every_metric_of_the_agent_is_shown_and_every_metric_shown_is_the_agents() -> None:
    shown = {name for _, target in targets() for name in metrics_in(target["expr"])}
    for name in shown:
        declared(name)
    assert {re.sub(r"_bucket$", "", name) for name in shown} == set(NAMES)


def test_counters_are_shown_as_rates_and_gauges_as_they_are() -> None:
    for title, target in targets():
        expression = target["expr"]
        counted = {declared(name).kind in ("counter", "histogram") for name in metrics_in(expression)}
        assert counted == {bool(re.search(r"\b(rate|increase)\(", expression))}, title


def test_legends_and_sums_use_labels_that_the_metric_has() -> None:
    for title, target in targets():
        known = {label for name in metrics_in(target["expr"]) for label in declared(name).labels} | OUTSIDE_LABELS
        used = set(re.findall(r"{{(\w+)}}", target["legendFormat"])) | set(re.findall(r"(\w+)=~", target["expr"]))
        for names in re.findall(r"by \(([\w, ]+)\)", target["expr"]):
            used |= set(names.split(", "))
        assert used <= known, title


@pytest.mark.parametrize(("opening", "closing"), ["()", "{}", "[]"])
def test_every_bracket_of_an_expression_is_closed(opening: str, closing: str) -> None:
    for title, target in targets():
        assert target["expr"].count(opening) == target["expr"].count(closing), title


def test_the_file_has_the_shape_that_the_import_page_takes() -> None:
    assert DASHBOARD["id"] is None  # Grafana gives the number; a number here would overwrite another dashboard
    assert DASHBOARD["title"] == "Skerry"
    assert len(DASHBOARD["uid"]) <= 40
    (source,) = DASHBOARD["__inputs"]
    assert (source["type"], source["pluginId"]) == ("datasource", "prometheus")
    wanted = {"type": "prometheus", "uid": "${" + source["name"] + "}"}
    assert all(panel["datasource"] == wanted for panel in panels())
    assert all(target["datasource"] == wanted for _, target in targets())
    numbers = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(numbers)) == len(numbers)


def test_no_two_panels_overlap_and_all_fit_the_width() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        cells = {(place["x"] + i, place["y"] + j) for i in range(place["w"]) for j in range(place["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells
