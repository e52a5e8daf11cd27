"""The dashboard for Grafana over Prometheus, a panel for each metric."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sensor_scoring.telemetry.metrics import METRICS, SENSORS, Attribute, Metric

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_UNITS = {"s": "seconds", "h": "hours"}
"""Unit of a metric, and what Prometheus appends to its name; nothing for what is counted."""
_RUN_WINDOW, _POOL_WINDOW = "2h", "15m"
"""How long a value is shown: Prometheus forgets one after five minutes, and runs come every hour. Were it any
longer, a run that did not come would look like the one before."""
_WIDTH, _HEIGHT, _COLUMNS = 8, 8, 24
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def prometheus_name(metric: Metric) -> str:
    """Return what a metric is called in Prometheus.

    https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
    """
    name = metric.name.replace(".", "_")
    return f"{name}_{_UNITS[metric.unit]}" if metric.unit in _UNITS else name


def label(attribute: Attribute) -> str:
    """Return what an attribute is called in Prometheus."""
    return attribute.replace(".", "_")


def grafana_dashboard() -> str:
    """Return the dashboard's JSON."""
    body: dict[str, Any] = {
        "uid": "sensor-scoring",
        "title": "Sensor scoring",
        "tags": ["sensor-scoring"],
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "timezone": "utc",
        "refresh": "1m",
        "time": {"from": "now-24h", "to": "now"},
        "templating": {"list": [_datasource(), *_variables()]},
        "annotations": {"list": []},
        "links": [],
        "panels": [panel | {"id": number} for number, panel in enumerate(_panels(), 1)],
    }
    return json.dumps(body, indent=2) + "\n"


def _datasource() -> dict[str, Any]:
    return {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}


def _variables() -> Iterator[dict[str, Any]]:
    labels = {"pool": ("Pool", Attribute.POOL), "run_type": ("Runs", Attribute.RUN_TYPE)}
    for name, (title, attribute) in labels.items():
        query = f"label_values({prometheus_name(SENSORS)}, {label(attribute)})"
        first = ("All", "$__all") if name == "pool" else ("scheduled", "scheduled")
        yield {
            "name": name,
            "label": title,
            "type": "query",
            "datasource": _SOURCE,
            "query": {"query": query, "refId": name},
            "refresh": 2,
            "includeAll": name == "pool",
            "multi": name == "pool",
            "current": dict(zip(("text", "value"), first, strict=True)),
        }


def _panels() -> Iterator[dict[str, Any]]:
    of_run = [metric for metric in METRICS if metric.of_run]
    top = 0
    for title, chosen in (
        ("Runs", of_run),
        ("Pool", [metric for metric in METRICS if metric not in of_run]),
    ):
        yield {
            "type": "row",
            "title": title,
            "collapsed": False,
            "panels": [],
            "gridPos": _place(0, top, 24, 1),
        }
        yield from _laid_out(chosen, top + 1)
        top += 1 + _HEIGHT * -(-len(chosen) * _WIDTH // _COLUMNS)


def _laid_out(chosen: Iterable[Metric], top: int) -> Iterator[dict[str, Any]]:
    a_row = _COLUMNS // _WIDTH
    for number, metric in enumerate(chosen):
        down, across = divmod(number, a_row)
        yield _panel(metric, _place(across * _WIDTH, top + down * _HEIGHT, _WIDTH, _HEIGHT))


def _place(x: int, y: int, w: int, h: int) -> dict[str, int]:
    return {"x": x, "y": y, "w": w, "h": h}


def _panel(metric: Metric, place: dict[str, int]) -> dict[str, Any]:
    return {
        "type": "timeseries",
        "title": _title(metric),
        "description": metric.what.replace("`", ""),
        "datasource": _SOURCE,
        "gridPos": place,
        "fieldConfig": {
            "defaults": {
                "unit": metric.unit if metric.unit in _UNITS else "short",
                "noValue": "no value",
                # A line over an hour without a run would be made up.
                "custom": {"drawStyle": "line", "lineInterpolation": "stepAfter", "spanNulls": False},
            },
            "overrides": [],
        },
        "options": {"legend": {"displayMode": "table", "placement": "bottom", "calcs": ["lastNotNull"]}},
        "targets": [
            {
                "refId": "A",
                "datasource": _SOURCE,
                "expr": _expression(metric),
                "legendFormat": _legend(metric),
            }
        ],
    }


def _title(metric: Metric) -> str:
    words = metric.name.removeprefix("sensor_scoring.").replace("_", " ").split(".")
    return " ".join(words).capitalize()


def _expression(metric: Metric) -> str:
    chosen = [f'{label(Attribute.POOL)}=~"$pool"']
    if metric.of_run:
        chosen.append(f'{label(Attribute.RUN_TYPE)}="$run_type"')
    window = _RUN_WINDOW if metric.of_run else _POOL_WINDOW
    last = f"last_over_time({prometheus_name(metric)}{{{', '.join(chosen)}}}[{window}])"
    # States without a node would fill the legend.
    return f"{last} > 0" if Attribute.NODE_STATE in metric.attributes else last


def _legend(metric: Metric) -> str:
    shown = [each for each in metric.attributes if each is not Attribute.RUN_TYPE]
    return " ".join(f"{{{{{label(each)}}}}}" for each in shown)
