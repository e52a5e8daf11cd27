"""An isolated Airflow that parses DAGs for all tests of this folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Parse = Callable[..., dict[str, Any]]

ROOT = Path(__file__).parents[2]
PARSER = """
import json, os, sys
from airflow.dag_processing.dagbag import DagBag

def parsed():
    before = set(sys.modules)
    bag = DagBag(sys.argv[1])
    imported = sorted(set(sys.modules) - before)
    return {dag_id: {
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
    } for dag_id, dag in bag.dags.items()}

for line in sys.stdin:
    child = os.fork()
    if not child:
        os.environ.update(json.loads(line))
        print("RESULT", json.dumps(parsed()), flush=True)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        print("RESULT null", flush=True)
"""
"""Imports Airflow once; a child parses the DAGs with the settings of each line."""


@pytest.fixture(scope="session")
def parsed(all_parsed: dict[str, Any]) -> dict[str, Any]:
    """Return what Airflow parsed of the hourly DAG."""
    return dict(all_parsed["hourly_scoring"])


@pytest.fixture(scope="session")
def all_parsed(parsed_with: Parse) -> dict[str, Any]:
    """Return what Airflow parsed without any setting."""
    return parsed_with()


@pytest.fixture(scope="session")
def parsed_with(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parse]:
    """Return a function that parses the DAG folder with settings, in another process."""
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "PYTHON"))},
        "AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow")),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONPATH": str(ROOT / "plugins"),
    }
    command = [sys.executable, "-c", PARSER, str(ROOT / "dags")]
    with subprocess.Popen(
        command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parser:
        assert parser.stdin
        assert parser.stdout
        said = iter(parser.stdout)

        def parse(**settings: str) -> dict[str, Any]:
            print(json.dumps(settings), file=parser.stdin, flush=True)
            found = json.loads(next(line for line in said if line.startswith("RESULT ")).partition(" ")[2])
            assert found is not None, "the parse ended in an error"
            return dict(found)

        yield parse
        parser.stdin.close()
