"""The chart itself, with our values: ``make test-chart CHART=airflow-1.22.0.tgz``."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from tests.deploy.chart_schema import reduced
from tests.deploy.test_helm_values import HELM, KNOWN, VALUES

pytestmark = pytest.mark.chart

_WORKLOADS = {"Deployment", "StatefulSet", "Job"}
IMAGE = "example.azurecr.io/sensor-scoring-kubernetes:0.1.0"


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpack the chart that ``CHART`` names."""
    given = os.environ.get("CHART", "")
    if not given:
        pytest.skip("CHART does not name the chart: a .tgz of Airflow's official one")
    folder = tmp_path_factory.mktemp("chart")
    with tarfile.open(given) as archive:
        archive.extractall(folder, filter="data")
    return folder / "airflow"


@pytest.fixture(scope="module")
def rendered(chart: Path) -> list[dict[str, Any]]:
    """Render the chart."""
    helm = shutil.which("helm")
    if helm is None:
        pytest.skip("there is no helm on PATH")
    command = [helm, "template", "scoring", str(chart), "--values", str(HELM / "values.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def test_what_we_know_of_the_chart_is_what_it_says(chart: Path) -> None:
    """``chart.json`` is made from this chart; with CHART_JSON=write it is made anew."""
    schema = json.loads((chart / "values.schema.json").read_text())
    about = yaml.safe_load((chart / "Chart.yaml").read_text())
    found = {"chart": about["version"], "schema": reduced(schema, VALUES)}
    if os.environ.get("CHART_JSON") == "write":
        (Path(__file__).parent / "chart.json").write_text(json.dumps(found, indent=2) + "\n")
        pytest.skip("written anew")
    Draft7Validator(schema).validate(VALUES)
    assert found == KNOWN


def containers(documents: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the first container of each deployment, stateful set and job."""
    return {
        document["metadata"]["name"]: document["spec"]["template"]["spec"]["containers"][0]
        for document in documents
        if document["kind"] in _WORKLOADS
    }


def config(documents: list[dict[str, Any]]) -> dict[str, str]:
    """Return the files that all processes share."""
    (found,) = (
        document["data"]
        for document in documents
        if (document["kind"], document["metadata"]["name"]) == ("ConfigMap", "scoring-config")
    )
    return dict(found)


def test_every_process_is_ours(rendered: list[dict[str, Any]]) -> None:
    """Image, settings and connections reach each; nothing else of the chart's runs."""
    found = containers(rendered)
    assert set(found) == {
        "scoring-scheduler",
        "scoring-triggerer",
        "scoring-dag-processor",
        "scoring-api-server",
        "scoring-run-airflow-migrations",
    }
    for container in found.values():
        assert container["image"] == IMAGE
        assert {"secretRef": {"name": "sensor-scoring-connections"}} in container["envFrom"]
        assert "SENSOR_SCORING_SCORING_IMAGE" in {entry["name"] for entry in container["env"]}


def test_the_image_runs_whatever_the_chart_names(rendered: list[dict[str, Any]]) -> None:
    """Containers begin with one of two programs, probes with the entrypoint, which runs what follows it."""
    pods = [document["spec"]["template"]["spec"] for document in rendered if document["kind"] in _WORKLOADS]
    every = [each for pod in pods for each in (*pod["containers"], *pod.get("initContainers", ()))]
    assert {container["args"][0] for container in every} == {"airflow", "bash"}
    assert all("command" not in container for container in every)
    probes = [container["livenessProbe"] for container in every if "livenessProbe" in container]
    assert any(
        "exec /entrypoint" in text for probe in probes for text in probe.get("exec", {}).get("command", ())
    )
    dockerfile = (HELM / "Dockerfile").read_text()
    assert "ln -s /usr/bin/env /entrypoint" in dockerfile
    assert 'ENTRYPOINT ["/entrypoint"]' in dockerfile


def test_a_pod_of_a_task_instance_is_ours_too(rendered: list[dict[str, Any]]) -> None:
    """The executor's template has the same image, settings and connections."""
    maps = {
        document["metadata"]["name"]: document for document in rendered if document["kind"] == "ConfigMap"
    }
    pod = yaml.safe_load(maps["scoring-config"]["data"]["pod_template_file.yaml"])
    (container,) = pod["spec"]["containers"]
    assert container["image"] == IMAGE
    assert "command" not in container, "the entrypoint runs what the executor names"
    assert {"secretRef": {"name": "sensor-scoring-connections"}} in container["envFrom"]
    assert container["resources"]["requests"]["memory"] == "300Mi"


def test_the_configuration_is_what_the_values_say(rendered: list[dict[str, Any]]) -> None:
    """Airflow reads it from a file that the chart writes."""
    maps = {
        document["metadata"]["name"]: document for document in rendered if document["kind"] == "ConfigMap"
    }
    text = maps["scoring-config"]["data"]["airflow.cfg"]
    for section, options in VALUES["config"].items():
        assert f"[{section}]" in text
        for option, value in options.items():
            assert f"{option} = {value}" in text
    assert "executor = KubernetesExecutor" in text


def test_no_secret_is_made_of_what_the_values_hold(rendered: list[dict[str, Any]]) -> None:
    """All secrets are the cluster's own, but that of Celery's queue, which the chart always makes."""
    made = {document["metadata"]["name"] for document in rendered if document["kind"] == "Secret"}
    assert made <= {"scoring-broker-url"}
