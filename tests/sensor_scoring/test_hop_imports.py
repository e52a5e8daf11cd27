"""What one task instance imports, which dominates its cost unless a fork server has preloaded it."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

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
    if file.parent.name != "ui" and file.name != "__main__.py"
]
OF_OTHER_DAGS = {
    "sensor_scoring.missing_hours.step",
    "sensor_scoring.alerts.late_step",
    "sensor_scoring.training.steps",
    "sensor_scoring.alerts.unfinished_runs",
}
"""Theirs are single instances."""
OF_THE_TRIGGERER = {"sensor_scoring.azure_batch.poller"}


PARSED_AFTERWARDS = """
import importlib, json, re._compiler, sys
from pathlib import Path
[importlib.import_module(name) for name in sys.argv[2:]]
from airflow.dag_processing.dagbag import BundleDagBag
compile_, patterns, found = re._compiler.compile, [], {}
re._compiler.compile = lambda pattern, flags=0: patterns.append(str(pattern)) or compile_(pattern, flags)
for file in sorted(Path(sys.argv[1]).glob("*.py")):
    before = set(sys.modules)
    patterns.clear()
    bag = BundleDagBag(dag_folder=str(file), bundle_path=file.parent, bundle_name="dags-folder")
    new = [name for name in set(sys.modules) - before if not name.startswith("unusual_prefix_")]
    found[file.stem] = {"dags": list(bag.dags), "modules": new, "patterns": list(patterns)}
print(json.dumps(found))
"""
"""Airflow gives the module of a DAG file such a prefix."""


USED_AFTERWARDS = """
import importlib, json, re._compiler, sys
[importlib.import_module(name) for name in sys.argv[1:]]
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
print(json.dumps({"patterns": patterns, "looks more than later": looks() - looks()}))
"""


def loaded_by(names: Iterable[str], **settings: str) -> set[str]:
    """Import modules in another process; return everything that it has loaded then."""
    script = "import importlib, json, sys\n[importlib.import_module(name) for name in sys.argv[1:]]\n"
    done = subprocess.run(
        [sys.executable, "-c", script + "print(json.dumps(sorted(sys.modules)))", *names],
        env=ENVIRON | settings,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def imported_late(file: Path) -> Iterator[str]:
    """Yield the modules that a file's functions import when called."""
    for function in ast.walk(ast.parse(file.read_text())):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.ImportFrom) and node.module:
                    yield node.module
                if isinstance(node, ast.Import):
                    yield from (name.name for name in node.names)


def test_a_sensor_on_its_way_to_waiting_imports_nothing_slow() -> None:
    """No Blob Storage client, no channel of alerts, no numerics."""
    assert not loaded_by(SCORE) & SLOW


def test_an_instance_imports_nothing_that_was_not_loaded_beforehand() -> None:
    """The fork server loads lazy imports once, instead of every instance."""
    late = {name for file in PRODUCT for name in imported_late(file)}
    assert late - loaded_by(PRELOAD) == OF_OTHER_DAGS | OF_THE_TRIGGERER


def test_the_parse_of_a_dag_does_nothing_for_the_first_time(tmp_path: Path) -> None:
    """A forked process parses once, so imports and regular expressions must be warm."""
    environ = {**ENVIRON, "AIRFLOW_HOME": str(tmp_path), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    command = [sys.executable, "-c", PARSED_AFTERWARDS, str(ROOT / "dags"), *PRELOAD]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    assert not any(dag["modules"] for dag in found.values()), found
    for file in ("hourly_scoring", "train_models", "example_containers"):
        assert found[file] == {"dags": [file], "modules": [], "patterns": []}, "one of its tasks is mapped"


def test_a_first_template_and_a_first_answer_of_batch_find_all_ready(tmp_path: Path) -> None:
    """The fork server warms Jinja's lexer and the SDK's models, which are built on first use."""
    environ = {**ENVIRON, "AIRFLOW_HOME": str(tmp_path)}
    command = [sys.executable, "-c", USED_AFTERWARDS, *PRELOAD]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == {"patterns": [], "looks more than later": 0}


def test_settings_that_do_not_read_do_not_end_the_fork_server() -> None:
    """Parsing the DAG reports them, where people look."""
    assert "sensor_scoring.preload" in loaded_by(PRELOAD, SENSOR_SCORING_MAX_NODES="many")
