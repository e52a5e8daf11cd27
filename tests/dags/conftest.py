"""An isolated Airflow for tests that parse DAGs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PARSED = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
before = set(sys.modules)
bag = DagBag(sys.argv[1])
imported = sorted(set(sys.modules) - before)
print("RESULT " + json.dumps({dag_id: {
    "errors": bag.import_errors,
    "imported": imported,
    "tasks": {
        task.task_id: {
            "upstream": sorted(task.upstream_task_ids),
            "rule": str(task.trigger_rule.value),
            "setup": task.is_setup,
            "teardown": task.is_teardown,
            "mapped": task.is_mapped,
        }
        for task in dag.tasks
    },
    "catchup": dag.catchup,
    "start": dag.start_date.isoformat(),
    "timetable": type(dag.timetable).__name__,
    "runs": dag.max_active_runs,
    "deadline": dag.deadline,
} for dag_id, dag in bag.dags.items()}))
"""


@pytest.fixture(scope="session")
def parsed(all_parsed: dict[str, Any]) -> dict[str, Any]:
    """Return what Airflow parsed of the hourly DAG."""
    return dict(all_parsed["hourly_scoring"])


@pytest.fixture(scope="session")
def all_parsed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Parse the DAG folder in another process, because Airflow reads its settings on import."""
    return parsed_with(tmp_path_factory.mktemp("airflow"))


def parsed_with(home: Path, **settings: str) -> dict[str, Any]:
    """Parse the DAG folder in another process, with settings."""
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "PYTHON"))},
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONPATH": str(ROOT / "plugins"),
        **settings,
    }
    done = subprocess.run(
        [sys.executable, "-c", PARSED, str(ROOT / "dags")],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT "))
    return dict(json.loads(line.removeprefix("RESULT ")))
