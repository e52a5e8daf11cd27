"""The dashboard, the workbook and the alert rules: they load, and name nothing that is not sent."""

from __future__ import annotations

import json
import re
from itertools import combinations
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from sensor_scoring.hourly.outcome.summary import Outcome
from sensor_scoring.telemetry.metrics import METRICS, Attribute
from tests.support.typed import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor_scoring.telemetry.metrics import Metric

DASHBOARD = json.loads((ROOT / "monitoring" / "grafana-dashboard.json").read_text())
TEMPLATE = json.loads((ROOT / "monitoring" / "application-insights.json").read_text())
CAPTURED = json.loads((ROOT / "docs" / "monitored_hour.json").read_text())
TEXT = {"type": "string", "minLength": 1}
SOURCE = {
    "type": "object",
    "required": ["type", "uid"],
    "properties": {"type": {"const": "prometheus"}, "uid": {"const": "${datasource}"}},
}
NUMBERS = {
    name: {"type": "integer", "minimum": least} for name, least in {"x": 0, "y": 0, "w": 1, "h": 1}.items()
}
PANEL = {
    "type": "object",
    "required": ["id", "type", "title", "gridPos"],
    "properties": {
        "id": {"type": "integer"},
        "type": {"enum": ["row", "timeseries"]},
        "title": TEXT,
        "gridPos": {
            "type": "object",
            "required": ["x", "y", "w", "h"],
            "properties": NUMBERS,
            "additionalProperties": False,
        },
        "datasource": SOURCE,
        "targets": {
            "type": "array",
            "minItems": 1,
            "items": {"required": ["refId", "datasource", "expr"], "properties": {"datasource": SOURCE}},
        },
    },
    "if": {"properties": {"type": {"const": "timeseries"}}},
    "then": {"required": ["datasource", "targets", "fieldConfig"]},
}
VARIABLE = {
    "type": "object",
    "required": ["name", "type", "query"],
    "properties": {"name": TEXT, "type": {"enum": ["datasource", "query"]}},
}
GRAFANA = {
    "type": "object",
    "required": ["uid", "title", "schemaVersion", "panels", "templating", "time"],
    "properties": {
        "uid": {"type": "string", "pattern": "^[a-zA-Z0-9_-]{1,40}$"},
        "title": TEXT,
        "schemaVersion": {"type": "integer", "minimum": 36},
        "time": {"type": "object", "required": ["from", "to"]},
        "panels": {"type": "array", "items": PANEL},
        "templating": {
            "type": "object",
            "required": ["list"],
            "properties": {"list": {"type": "array", "items": VARIABLE}},
        },
    },
}
"""What Grafana needs to load a dashboard."""
RULE = {
    "type": "object",
    "required": ["severity", "scopes", "evaluationFrequency", "windowSize", "criteria", "actions"],
    "properties": {
        "severity": {"enum": [0, 1, 2, 3, 4]},
        "evaluationFrequency": {"enum": ["PT5M", "PT10M", "PT15M", "PT30M"]},
        "windowSize": {"enum": ["PT1H", "PT2H", "PT3H"]},
        "criteria": {
            "type": "object",
            "required": ["allOf"],
            "properties": {
                "allOf": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "required": ["query", "timeAggregation", "operator", "threshold"],
                        "properties": {
                            "timeAggregation": {"enum": ["Count", "Average", "Minimum", "Maximum", "Total"]},
                            "operator": {"enum": ["Equals", "GreaterThan", "GreaterThanOrEqual", "LessThan"]},
                            "threshold": {"type": "number"},
                        },
                    },
                }
            },
        },
    },
}
"""What Azure Resource Manager needs to make a scheduled query rule."""


def prometheus(name: str) -> str:
    """Return what an attribute, or a metric that counts, is called in Prometheus."""
    return name.replace(".", "_")


def series(metric: Metric) -> str:
    """Return what a metric is called in Prometheus: with its unit, if it has one."""
    return prometheus(metric.name) + {"s": "_seconds", "h": "_hours"}.get(metric.unit, "")


BY_SERIES = {series(metric): metric for metric in METRICS}
BY_NAME = {metric.name: metric for metric in METRICS}


def panels() -> list[dict[str, Any]]:
    """Return the panels that ask something."""
    return [panel for panel in DASHBOARD["panels"] if "targets" in panel]


def resources(kind: str) -> list[dict[str, Any]]:
    """Return the resources of a type in the template."""
    return [each for each in TEMPLATE["resources"] if each["type"] == f"Microsoft.Insights/{kind}"]


def workbook() -> dict[str, Any]:
    """Return the workbook."""
    (resource,) = resources("workbooks")
    found: dict[str, Any] = json.loads(resource["properties"]["serializedData"])
    return found


def queries() -> Iterator[str]:
    """Yield every query for Application Insights."""
    yield from (item["content"]["query"] for item in workbook()["items"] if item["type"] == 3)
    for rule in resources("scheduledQueryRules"):
        yield from (condition["query"] for condition in rule["properties"]["criteria"]["allOf"])


def test_the_dashboard_loads() -> None:
    """It has what Grafana needs, each panel an id of its own, and none covers another."""
    jsonschema.validate(DASHBOARD, GRAFANA)
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    for one, other in combinations([panel["gridPos"] for panel in DASHBOARD["panels"]], 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or below, (one, other)
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in DASHBOARD["panels"])


def test_the_dashboard_shows_every_metric_and_no_other() -> None:
    """With labels that the metric has, for the variables that there are."""
    variables = {each["name"] for each in DASHBOARD["templating"]["list"]}
    shown = set()
    for panel in panels():
        (target,) = panel["targets"]
        (name,) = re.findall(r"last_over_time\((\w+)\{", target["expr"])
        metric = BY_SERIES[name]
        labels = set(re.findall(r"(\w+)=~?\"", target["expr"]))
        labels |= set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
        assert labels == {prometheus(attribute) for attribute in metric.attributes}, name
        assert set(re.findall(r"\$(\w+)", target["expr"])) <= variables
        shown.add(metric)
    assert shown == set(METRICS)


def test_a_value_of_the_dashboard_is_not_shown_for_longer_than_it_is_true() -> None:
    """A run that did not come must not look like the one before, nor may the pool of an hour ago."""
    for panel in panels():
        (window,) = re.findall(r"\[(\d+[hm])\]", panel["targets"][0]["expr"])
        assert window == ("2h" if "_run_" in panel["targets"][0]["expr"] else "15m")
        assert panel["fieldConfig"]["defaults"]["noValue"]


def test_the_variables_of_the_dashboard_ask_for_labels_that_there_are() -> None:
    """The first choice is the scheduled runs of all pools."""
    asked = [each["query"]["query"] for each in DASHBOARD["templating"]["list"] if each["type"] == "query"]
    for query in asked:
        found = re.fullmatch(r"label_values\((\w+), (\w+)\)", query)
        assert found is not None
        assert found[2] in {prometheus(each) for each in BY_SERIES[found[1]].attributes}
    assert [each["current"]["value"] for each in DASHBOARD["templating"]["list"][1:]] == [
        "$__all",
        "scheduled",
    ]


def test_the_rules_load() -> None:
    """There are two, and each has what Azure needs."""
    rules = resources("scheduledQueryRules")
    assert len(rules) == 2
    for rule in rules:
        jsonschema.validate(rule["properties"], RULE)
        assert rule["properties"]["scopes"] == ["[parameters('applicationInsightsId')]"]
    asked = set(re.findall(r"parameters\('(\w+)'\)", json.dumps(TEMPLATE["resources"])))
    assert asked == set(TEMPLATE["parameters"])


def test_the_workbook_loads() -> None:
    """Each item is of a kind that the portal knows, has a name of its own, and asks Application Insights."""
    items = workbook()["items"]
    assert workbook()["version"] == "Notebook/1.0"
    assert len({item["name"] for item in items}) == len(items)
    assert {(item["type"], item["content"]["version"]) for item in items} == {
        (3, "KqlItem/1.0"),
        (9, "KqlParameterItem/1.0"),
    }
    asking = [item["content"] for item in items]
    assert {content["resourceType"] for content in asking} == {"microsoft.insights/components"}


def test_queries_name_metrics_and_attributes_that_are_sent() -> None:
    """Those of metrics, what their metric has; those of runs, what the span of a run really had."""
    (root,) = [span for span in CAPTURED["spans"] if "parentSpanId" not in span]
    charted = set()
    for query in queries():
        attributes = set(re.findall(r'customDimensions\["([^"]+)"\]', query))
        if query.startswith("requests"):
            assert attributes <= set(root["attributes"])
            continue
        (name,) = re.findall(r'^customMetrics \| where name == "([^"]+)"', query)
        metric = BY_NAME[name]
        assert attributes <= set(metric.attributes), name
        # Without each of them, two series would be drawn as one.
        if "series" in query or "by pool" in query:
            assert attributes == set(metric.attributes), name
        charted.add(metric)
    assert charted == set(METRICS)


@pytest.mark.parametrize(
    ("attribute", "values"),
    [(Attribute.RUN_TYPE, {"scheduled"}), (Attribute.OUTCOME, set(Outcome))],
)
def test_queries_compare_with_values_that_there_are(attribute: Attribute, values: set[str]) -> None:
    """A misspelt one would find nothing, which looks like a quiet day."""
    compared = {
        value
        for query in queries()
        for value in re.findall(rf'customDimensions\["{attribute}"\]\) == "([^"]*)"', query)
    }
    assert compared
    assert compared <= values


def test_what_was_captured_is_in_the_table() -> None:
    """Name, unit and description of every metric that a collector and Application Insights got."""
    for metric in CAPTURED["metrics"]:
        known = BY_NAME[metric["name"]]
        assert (metric["unit"], metric["description"]) == (known.unit, known.what)
        for point in metric["gauge"]["dataPoints"]:
            assert set(point["attributes"]) == set(known.attributes)
    sent = {
        envelope["data"]["baseData"]["metrics"][0]["name"]
        for envelope in CAPTURED["envelopes"]
        if envelope["data"]["baseType"] == "MetricData"
    }
    assert sent == {metric["name"] for metric in CAPTURED["metrics"]} <= set(BY_NAME)
