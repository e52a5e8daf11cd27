"""What one task instance imports, which dominates its cost unless a fork server has preloaded it."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sensor_scoring.airflow_config import FORK_SERVER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).parents[2]
PLUGINS = ROOT / "plugins"
PRELOAD = FORK_SERVER["AIRFLOW__CORE__MP_FORKSERVER_PRELOAD"].split(",")
SCORE = (
    "airflow.sdk.execution_time.task_runner",
    "sensor_scoring.hourly.operator",
    "sensor_scoring.azure_batch.hook",
    "sensor_scoring.hourly.trigger",
)
"""What an instance of ``score`` needs on its way to waiting for its Batch task."""
ENVIRON = {
    **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
    "AIRFLOW__CORE__PLUGINS_FOLDER": str(PLUGINS),
}
"""The fork server does not get the path of the process that starts it."""
SLOW = {"apprise", "azure.storage", "fastapi", "numpy", "pandas", "pyarrow", "scorer", "sklearn"}
PRODUCT = [
    file
    for file in (PLUGINS / "sensor_scoring").rglob("*.py")
    if not {"ui", "sensors"} & set(file.parts) and file.name != "__main__.py"
]
OF_OTHER_DAGS = {
    "sensor_scoring.missing_hours.step",
    "sensor_scoring.pool_watch.step",
    "sensor_scoring.preflight.step",
    "sensor_scoring.alerts.late_step",
    "sensor_scoring.training.steps",
    "sensor_scoring.alerts.unfinished_runs",
}
"""Theirs are single instances."""
OF_THE_TRIGGERER = {"sensor_scoring.azure_batch.poller"}
OF_TELEMETRY = {
    "azure.monitor.opentelemetry.exporter",
    "sensor_scoring.hourly.outcome.run_telemetry",
    "sensor_scoring.telemetry.exporters",
    "sensor_scoring.telemetry.opentelemetry_data",
    "sensor_scoring.telemetry.sending",
    "sensor_scoring.upkeep.pool_metrics",
}
"""Only where there is a target for it, and then in the step that sums a run up and in the DAG of the pool."""
OF_A_NEW_POOL = {"azure.mgmt.batch"}
"""Only where a pool is made whose nodes have an identity."""
OF_THE_PREFLIGHT = {"azure.eventhub", "azure.eventhub.exceptions", "azure.mgmt.resource.resources"}
EXPORTERS = ("azure.monitor", "opentelemetry.exporter")


PARSED_AFTERWARDS = """
import re._compiler, sys
from pathlib import Path
from airflow.dag_processing.dagbag import BundleDagBag
compile_, patterns, found = re._compiler.compile, [], {}
re._compiler.compile = lambda pattern, flags=0: patterns.append(str(pattern)) or compile_(pattern, flags)
for file in sorted(Path("dags").resolve().glob("*.py")):
    before = set(sys.modules)
    patterns.clear()
    bag = BundleDagBag(dag_folder=str(file), bundle_path=file.parent, bundle_name="dags-folder")
    new = [name for name in set(sys.modules) - before if not name.startswith("unusual_prefix_")]
    found[file.stem] = {"dags": list(bag.dags), "modules": new, "patterns": list(patterns)}
answer(found)
"""
"""Airflow gives the module of a DAG file such a prefix."""


USED_AFTERWARDS = """
import re._compiler
from airflow.sdk import DAG
from azure.batch import models
from azure.batch._utils import model_base
compile_, patterns, looked_at = re._compiler.compile, [], []
re._compiler.compile = lambda pattern, flags=0: patterns.append(str(pattern)) or compile_(pattern, flags)
look = model_base._get_deserialize_callable_from_annotation
model_base._get_deserialize_callable_from_annotation = lambda *a: looked_at.append(str(a)) or look(*a)
DAG("used").get_template_env().from_string("{{ task.item }} of {{ ti.run_id }}")
at = "2026-01-01T00:00:00Z"
body = {
    "id": "t",
    "state": "completed",
    "executionInfo": {
        "startTime": at,
        "endTime": at,
        "exitCode": 1,
        "failureInfo": {"category": "usererror", "code": "FailureExitCode", "details": [{"name": "a"}]},
        "result": "failure",
    },
    "nodeInfo": {"nodeId": "n", "poolId": "p"},
}
def looks():
    before, task = len(looked_at), models.BatchTask(body)
    task.execution_info.failure_info.details, task.node_info.node_id
    return len(looked_at) - before
answer({"patterns": patterns, "looks more than later": looks() - looks()})
"""


LOADED = "import sys; answer(sorted(sys.modules))"
WITH_WRONG_SETTINGS = """
import importlib, os, sys
os.environ["SENSOR_SCORING_MAX_NODES"] = "many"
answer(importlib.reload(sys.modules["sensor_scoring.preload"]).__name__)
"""
FORKED = """
import importlib, json, os, sys
questions, *names = map(json.loads, sys.argv[1:])
[importlib.import_module(name) for name in names]
sys.stdout.flush()
for question in questions:
    child = os.fork()
    if not child:
        exec(question, {"answer": lambda value: print("ANSWER", json.dumps(value))})
        sys.stdout.flush()
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        sys.exit("a child failed")
"""
"""Like the fork server: imports modules once, and lets a child answer each question."""


def answers(home: Path, names: Iterable[str], *questions: str) -> list[Any]:
    """Import modules in another process; return the answers of its forked children."""
    environ = {**ENVIRON, "AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    words = [json.dumps(word) for word in (questions, *names)]
    done = subprocess.run(
        [sys.executable, "-c", FORKED, *words],
        env=environ,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    lines = [line.partition("ANSWER ") for line in done.stdout.splitlines()]
    return [json.loads(value) for before, marked, value in lines if marked and not before]


@pytest.fixture(scope="module")
def preloaded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Ask children of a process that has imported what the fork server imports."""
    questions = (LOADED, PARSED_AFTERWARDS, USED_AFTERWARDS, WITH_WRONG_SETTINGS)
    return dict(zip(questions, answers(tmp_path_factory.mktemp("home"), PRELOAD, *questions), strict=True))


def imported_late(file: Path) -> Iterator[str]:
    """Yield the modules that a file's functions import when called."""
    for function in ast.walk(ast.parse(file.read_text())):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.ImportFrom) and node.module:
                    yield node.module
                if isinstance(node, ast.Import):
                    yield from (name.name for name in node.names)


def test_a_sensor_on_its_way_to_waiting_imports_nothing_slow(tmp_path: Path) -> None:
    """No Blob Storage client, no channel of alerts, no numerics."""
    (loaded,) = answers(tmp_path, SCORE, LOADED)
    assert not set(loaded) & SLOW


def test_an_instance_imports_nothing_that_was_not_loaded_beforehand(preloaded: dict[str, Any]) -> None:
    """The fork server loads lazy imports once, instead of every instance."""
    late = {name for file in PRODUCT for name in imported_late(file)}
    assert late - set(preloaded[LOADED]) == (
        OF_OTHER_DAGS | OF_THE_TRIGGERER | OF_TELEMETRY | OF_A_NEW_POOL | OF_THE_PREFLIGHT
    )


def test_telemetry_that_is_off_is_not_imported(preloaded: dict[str, Any]) -> None:
    """Neither when modules are loaded nor when DAGs are parsed."""
    parsed = {name for dag in preloaded[PARSED_AFTERWARDS].values() for name in dag["modules"]}
    assert not [name for name in {*preloaded[LOADED], *parsed} if name.startswith(EXPORTERS)]


def test_the_parse_of_a_dag_does_nothing_for_the_first_time(preloaded: dict[str, Any]) -> None:
    """A forked process parses once, so imports and regular expressions must be warm."""
    found = preloaded[PARSED_AFTERWARDS]
    assert {file: dag["modules"] for file, dag in found.items() if dag["modules"]} == {}
    for file in ("hourly_scoring", "train_models", "example_containers"):
        assert found[file] == {"dags": [file], "modules": [], "patterns": []}, "one of its tasks is mapped"


def test_a_first_template_and_a_first_answer_of_batch_find_all_ready(preloaded: dict[str, Any]) -> None:
    """The fork server warms Jinja's lexer and the SDK's models, which are built on first use."""
    assert preloaded[USED_AFTERWARDS] == {"patterns": [], "looks more than later": 0}


def test_settings_that_do_not_read_do_not_end_the_fork_server(preloaded: dict[str, Any]) -> None:
    """Parsing the DAG reports them, where people look."""
    assert preloaded[WITH_WRONG_SETTINGS] == "sensor_scoring.preload"
