"""The example DAG: a command over a list, without scoring and without a job that somebody else opens."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential

from local_stack.emulator import ACCOUNT
from scoring_contract.hour import RunHour

if TYPE_CHECKING:
    from local_stack.stack import Stack


def test_a_command_runs_once_for_each_item(stack: Stack) -> None:
    """Each item has its Batch task, all in one job of their own, and its name in the UI."""
    airflow = stack.airflow()
    log = stack.workspace.logs / "example.log"
    for _ in airflow.test_dag("example_containers", RunHour.parse("2026-01-05T09"), log=log):
        pass
    client = BatchClient(stack.batch.endpoint, AzureNamedKeyCredential(ACCOUNT, stack.batch.key))
    (job,) = [job for job in client.list_jobs() if job.id.startswith("example_containe-")]
    printed = sorted(
        b"".join(client.download_task_file(job.id, task.id, "stdout.txt")).decode()
        for task in client.list_tasks(job.id)
    )
    assert printed == ["alpha 5\n", "beta 4\n", "gamma 5\n"]
    assert job.constraints is not None
    assert job.constraints.max_wall_clock_time is not None
    assert job.constraints.max_wall_clock_time.total_seconds() == 3600
    with sqlite3.connect(airflow.home / "airflow.db") as database:
        rows = database.execute(
            "select rendered_map_index, state from task_instance where task_id = 'measure' order by map_index"
        ).fetchall()
    assert rows == [("alpha", "success"), ("beta", "success"), ("gamma", "success")]
