"""The workbook and two alert rules for Application Insights, as a template for Azure Resource Manager."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sensor_scoring.telemetry.metrics import METRICS, RUN_SECONDS, SENSORS, Attribute, Metric

if TYPE_CHECKING:
    from collections.abc import Iterator

_RESOURCE = "[parameters('applicationInsightsId')]"
_RULES_VERSION, _WORKBOOKS_VERSION = "2023-12-01", "2023-06-01"
_SCHEDULED = "scheduled"
RUN_COLUMNS = {
    "scored": f"{SENSORS.name}.scored",
    "failed": f"{SENSORS.name}.failed",
    "silent": f"{SENSORS.name}.silent",
    "readings": "sensor_scoring.run.readings",
    "anomalies": "sensor_scoring.run.anomalies",
}
"""Columns of the list of runs, and the attributes of a run's span that they show."""


def template() -> str:
    """Return the template's JSON."""
    body: dict[str, Any] = {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": {
            "applicationInsightsId": {
                "type": "string",
                "metadata": {"description": "Resource id of the Application Insights that runs send to."},
            },
            "actionGroupIds": {
                "type": "array",
                "defaultValue": [],
                "metadata": {"description": "Resource ids of the action groups that alerts go to."},
            },
            "location": {"type": "string", "defaultValue": "[resourceGroup().location]"},
        },
        "resources": [*_rules(), _workbook_resource()],
    }
    return json.dumps(body, indent=2) + "\n"


def _rules() -> Iterator[dict[str, Any]]:
    pool = f'tostring(customDimensions["{Attribute.POOL}"])'
    failed = _lines(
        f'customMetrics | where name == "{SENSORS.name}"',
        f"where {_is(Attribute.RUN_TYPE, _SCHEDULED)} and {_is(Attribute.OUTCOME, 'failed')}",
        f"extend pool = {pool}",
        # The last word: of a run that was repaired and summed up again, nothing has failed.
        "summarize arg_max(timestamp, value) by pool",
        "project pool, failed = value",
    )
    yield _rule(
        "sensor-scoring-failed-sensors",
        "Sensors failed in the last scheduled hour that was summed up.",
        {
            "query": failed,
            "timeAggregation": "Maximum",
            "metricMeasureColumn": "failed",
            "dimensions": [{"name": "pool", "operator": "Include", "values": ["*"]}],
            "operator": "GreaterThan",
            "threshold": 0,
        },
        window="PT1H",
    )
    summed_up = _lines(
        f'customMetrics | where name == "{RUN_SECONDS.name}"',
        f"where {_is(Attribute.RUN_TYPE, _SCHEDULED)}",
    )
    yield _rule(
        "sensor-scoring-no-hour",
        "No scheduled hour was summed up for two hours: Airflow is down, the DAG paused, or planning fails.",
        {"query": summed_up, "timeAggregation": "Count", "operator": "LessThan", "threshold": 1},
        window="PT2H",
    )


def _rule(name: str, what: str, condition: dict[str, Any], *, window: str) -> dict[str, Any]:
    periods = {"numberOfEvaluationPeriods": 1, "minFailingPeriodsToAlert": 1}
    return {
        "type": "Microsoft.Insights/scheduledQueryRules",
        "apiVersion": _RULES_VERSION,
        "name": name,
        "location": "[parameters('location')]",
        "properties": {
            "displayName": name,
            "description": what,
            "severity": 1,
            "enabled": True,
            "scopes": [_RESOURCE],
            "evaluationFrequency": "PT15M",
            "windowSize": window,
            "criteria": {"allOf": [{**condition, "failingPeriods": periods}]},
            "autoMitigate": True,
            "actions": {"actionGroups": "[parameters('actionGroupIds')]"},
        },
    }


def _workbook_resource() -> dict[str, Any]:
    return {
        "type": "Microsoft.Insights/workbooks",
        "apiVersion": _WORKBOOKS_VERSION,
        "name": "[guid(parameters('applicationInsightsId'), 'sensor-scoring')]",
        "location": "[parameters('location')]",
        "kind": "shared",
        "properties": {
            "displayName": "Sensor scoring",
            "category": "workbook",
            "sourceId": _RESOURCE,
            "serializedData": json.dumps(workbook()),
        },
    }


def workbook() -> dict[str, Any]:
    """Return the workbook: the runs, and a chart for each metric."""
    return {
        "version": "Notebook/1.0",
        "items": [
            _parameters(),
            _query("runs", "Runs", _runs(), "table"),
            *(
                _query(metric.name, metric.what.replace("`", ""), _chart(metric), "timechart")
                for metric in METRICS
            ),
        ],
        "fallbackResourceIds": [],
        "$schema": "https://github.com/Microsoft/Application-Insights-Workbooks/blob/master/schema/workbook.json",
    }


def _parameters() -> dict[str, Any]:
    times = [3_600_000 * hours for hours in (24, 72, 168, 720)]
    time_range = {
        "id": "7f3c1c0e-2f8b-4a54-9f0a-6b1d7e0c5a01",
        "version": "KqlParameterItem/1.0",
        "name": "TimeRange",
        "label": "Time",
        "type": 4,
        "isRequired": True,
        "value": {"durationMs": times[0]},
        "typeSettings": {"selectableValues": [{"durationMs": each} for each in times]},
    }
    return {
        "type": 9,
        "content": {
            "version": "KqlParameterItem/1.0",
            "parameters": [time_range],
            "style": "pills",
            "queryType": 0,
            "resourceType": "microsoft.insights/components",
        },
        "name": "parameters",
    }


def _query(name: str, title: str, query: str, visualization: str) -> dict[str, Any]:
    return {
        "type": 3,
        "content": {
            "version": "KqlItem/1.0",
            "query": query,
            "size": 0,
            "title": title,
            "timeContextFromParameter": "TimeRange",
            "queryType": 0,
            "resourceType": "microsoft.insights/components",
            "visualization": visualization,
        },
        "name": name,
    }


def _runs() -> str:
    """Return the query for the last word on each run."""
    columns = ", ".join(
        f'{column} = todouble(customDimensions["{name}"])' for column, name in RUN_COLUMNS.items()
    )
    return _lines(
        'requests | where isnotempty(customDimensions["sensor_scoring.run.id"])',
        'extend run = tostring(customDimensions["sensor_scoring.run.id"])',
        'extend clears = toint(customDimensions["sensor_scoring.clears"])',
        "summarize arg_max(clears, *) by run",
        'project hour = tostring(customDimensions["sensor_scoring.hour"]), '
        f'type = tostring(customDimensions["{Attribute.RUN_TYPE}"]), '
        'colour = tostring(customDimensions["sensor_scoring.colour"]), '
        f"minutes = round(duration / 60000, 1), {columns}, run, operation_Id",
        "order by hour desc",
    )


def _chart(metric: Metric) -> str:
    """Return the query for the last value of each series in each bin; only scheduled runs, of runs."""
    shown = [each for each in metric.attributes if each is not Attribute.RUN_TYPE]
    names = ', " ", '.join(f'tostring(customDimensions["{each}"])' for each in shown)
    only = [f"where {_is(Attribute.RUN_TYPE, _SCHEDULED)}"] if metric.of_run else []
    return _lines(
        f'customMetrics | where name == "{metric.name}"',
        *only,
        f"extend series = strcat({names})",
        f"extend at = bin(timestamp, {'1h' if metric.of_run else '5m'})",
        "summarize arg_max(timestamp, value) by series, at",
        "project at, series, value",
    )


def _is(attribute: Attribute, value: str) -> str:
    return f'tostring(customDimensions["{attribute}"]) == "{value}"'


def _lines(*lines: str) -> str:
    return "\n| ".join(lines)
