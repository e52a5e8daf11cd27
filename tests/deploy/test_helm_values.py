"""Values for Airflow's official Helm chart, against what its schema says of their keys, and our own settings.

The chart is not here. ``chart.json`` holds names and types of the keys that are used; the tier ``chart``
compares it with a chart that is given, and renders that.
"""

from __future__ import annotations

import copy
import json
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator, ValidationError

from sensor_scoring.airflow_config import HEARTBEATS, PARSING, needs_of
from sensor_scoring.hourly.planning.packing import MOST_TASKS
from sensor_scoring.settings import Settings, all_settings

ROOT = Path(__file__).resolve().parents[2]
HELM = ROOT / "deploy" / "helm"
VALUES = yaml.safe_load((HELM / "values.yaml").read_text())
KNOWN = json.loads((Path(__file__).parent / "chart.json").read_text())


def test_the_chart_takes_the_values() -> None:
    """Every key is one of the chart's, and of its type."""
    Draft7Validator.check_schema(KNOWN["schema"])
    Draft7Validator(KNOWN["schema"]).validate(VALUES)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param(("scheduler", "replica"), 2, id="a-misspelt-key"),
        pytest.param(("scheduler", "replicas"), "2", id="a-text-for-a-number"),
        pytest.param(
            (
                "apiServer",
                "replicas",
            ),
            True,
            id="a-word-for-a-number",
        ),
        pytest.param(("env",), {"SENSOR_SCORING_POOL_ID": "p"}, id="a-mapping-for-a-list"),
    ],
)
def test_a_mistake_in_the_values_is_found(path: tuple[str, ...], value: Any) -> None:
    """The reduced schema is still one that refuses."""
    broken = copy.deepcopy(VALUES)
    place = broken
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    with pytest.raises(ValidationError):
        Draft7Validator(KNOWN["schema"]).validate(broken)


def configured(variable: str) -> str:
    """Return what the values say for an option of Airflow's, given by its environment variable."""
    _, section, option = variable.lower().split("__")
    return str(VALUES["config"][section][option])


def test_airflow_is_set_for_wide_runs() -> None:
    """As many groups as a plan makes at most need no more than what the chart is told."""
    for need in needs_of(MOST_TASKS):
        assert int(configured(need.variable)) >= need.least, need.variable
    for variable, value in (HEARTBEATS | PARSING).items():
        assert configured(variable) == value
    assert VALUES["airflowVersion"] == version("apache-airflow-core")
    assert VALUES["executor"] == "KubernetesExecutor"


def test_settings_are_ours_and_can_be_read() -> None:
    """A misspelt one would be ignored."""
    given = {entry["name"]: entry["value"] for entry in VALUES["env"]}
    assert given.keys() <= {entry.variable for entry in all_settings()}
    assert Settings.from_environ(given).pool.scoring_image == "example.azurecr.io/sensor-scoring:0.1.0"


def test_secrets_are_named_and_not_given() -> None:
    """Connections, keys and the database's URL come from secrets of the cluster."""
    text = (HELM / "values.yaml").read_text()
    assert not re.search(r"(?i)accountkey|password|postgresql://|sig=|conn_type", text)
    assert yaml.safe_load(VALUES["extraEnvFrom"]) == [{"secretRef": {"name": "sensor-scoring-connections"}}]
    for name in ("fernetKeySecretName", "apiSecretKeySecretName", "jwtSecretName"):
        assert VALUES[name].startswith("sensor-scoring-")
    assert VALUES["postgresql"] == {"enabled": False}


def test_more_than_one_of_each_process_that_a_run_needs() -> None:
    """One may end at any time; the api-server, which keeps passwords for itself, is one."""
    replicas = {name: VALUES[name]["replicas"] for name in ("scheduler", "triggerer", "dagProcessor")}
    assert replicas == {"scheduler": 2, "triggerer": 2, "dagProcessor": 2}
    assert VALUES["apiServer"]["replicas"] == 1


def test_logs_of_pods_outlive_them() -> None:
    """They go to Blob Storage, over the connection that every pod has."""
    logging = VALUES["config"]["logging"]
    assert (logging["remote_logging"], logging["remote_log_conn_id"]) == ("True", "wasb_default")
    assert VALUES["config"]["azure_remote_logging"]["remote_wasb_log_container"]
