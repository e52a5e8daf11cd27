"""An Airflow of its own for tests that parse DAGs."""

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
dag = bag.dags["hourly_scoring"] if bag.dags else None
print("RESULT " + json.dumps({
    "errors": bag.import_errors,
    "imported": sorted(set(sys.modules) - before),
    "tasks": {} if dag is None else {
        task.task_id: {
            "upstream": sorted(task.upstream_task_ids),
            "rule": str(task.trigger_rule.value),
            "setup": task.is_setup,
            "teardown": task.is_teardown,
            "mapped": task.is_mapped,
        }
        for task in dag.tasks
    },
    "catchup": dag.catchup if dag else None,
    "start": dag.start_date.isoformat() if dag else None,
    "timetable": type(dag.timetable).__name__ if dag else None,
}))
"""


@pytest.fixture(scope="session")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Parse the DAG folder in a process of its own: Airflow reads its settings when it is imported."""
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "PYTHON"))},
        "AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow")),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONPATH": str(ROOT / "plugins"),
    }
    done = subprocess.run(
        [sys.executable, "-c", PARSED, str(ROOT / "dags")],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT "))
    return json.loads(line.removeprefix("RESULT "))
