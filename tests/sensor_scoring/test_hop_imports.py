"""What one task instance imports: the most of what it costs, unless a server has it loaded beforehand."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sensor_scoring.airflow_needs import PRELOADED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PLUGINS = Path(__file__).parents[2] / "plugins"
SCORE = (
    "airflow.sdk.execution_time.task_runner",
    "sensor_scoring.score_operator",
    "sensor_scoring.hooks",
    "sensor_scoring.score_trigger",
)
"""What an instance of ``score`` needs on its way to waiting for its Batch task."""
SLOW = {"apprise", "azure.storage", "fastapi", "numpy", "pandas", "pyarrow", "scorer", "sklearn"}
OF_OTHER_DAGS = {
    "sensor_scoring.digest_step",
    "sensor_scoring.late_step",
    "sensor_scoring.repair",
    "sensor_scoring.train_steps",
    "sensor_scoring.unfinished_runs",
}
"""Theirs are single instances."""
OF_THE_TRIGGERER = {"sensor_scoring.poller"}


def loaded_by(names: Iterable[str]) -> set[str]:
    """Import modules in a process of their own; return all that it has then."""
    script = "import importlib, json, sys\n[importlib.import_module(name) for name in sys.argv[1:]]\n"
    done = subprocess.run(
        [sys.executable, "-c", script + "print(json.dumps(sorted(sys.modules)))", *names],
        env={**os.environ, "PYTHONPATH": str(PLUGINS)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def imported_late(file: Path) -> Iterator[str]:
    """Yield the modules that the functions of a file import when they are called."""
    for function in ast.walk(ast.parse(file.read_text())):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.ImportFrom) and node.module:
                    yield node.module
                if isinstance(node, ast.Import):
                    yield from (name.name for name in node.names)


def test_a_sensor_on_its_way_to_waiting_imports_nothing_slow() -> None:
    """No client of Blob Storage where nothing is read, nothing of whoever is told, nothing that computes."""
    assert not loaded_by(SCORE) & SLOW


def test_an_instance_imports_nothing_that_was_not_loaded_beforehand() -> None:
    """What a function imports late is loaded once by the fork server, not by every instance."""
    late = {name for file in (PLUGINS / "sensor_scoring").glob("*.py") for name in imported_late(file)}
    assert late - loaded_by(PRELOADED) == OF_OTHER_DAGS | OF_THE_TRIGGERER
