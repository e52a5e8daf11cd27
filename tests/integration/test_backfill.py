"""Missing hours, found and completed in a running Airflow beside the live hour.

Each printed command goes through a shell as a person would paste it.
"""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from ingest.loader import lay_out
from ingest.simulator import Fleet
from local_stack.airflow.cluster import running_cluster
from local_stack.hour import DAG_ID
from local_stack.stack import running_stack
from local_stack.workspace import Workspace
from scoring_contract.hour import RunHour
from scoring_contract.layout import Container, prediction_blob, readings_prefix
from tests.integration.terminal import Terminal
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator


FIRST = RunHour.parse("2026-01-05T00")
TRAINED, SCORED = 2, 6
_LONG = 900.0

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(3600)]


def hour(number: int) -> RunHour:
    """Return an hour of the day."""
    return RunHour(FIRST.start + timedelta(hours=number))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """Run a stack with two sensors, and an Airflow with room for four task instances at a time."""
    root = tmp_path_factory.mktemp("backfill")
    with running_stack(Workspace(root, root / "results")) as stack:
        readings = Fleet(devices=1, tags=2).readings(FIRST, TRAINED + SCORED)
        lay_out(readings, stack.storage.container(Container.DATA), source="simulated")
        stack.train(FIRST, hour(TRAINED))
        settings = {
            "AIRFLOW__CORE__PARALLELISM": "4",
            "SENSOR_SCORING_POLL_SECONDS": "1",
            "SENSOR_SCORING_RETRY_DELAY_SECONDS": "1",
            "SENSOR_SCORING_LATENESS_MINUTES": "0",
        }
        with (
            running_cluster(stack, folder=root / "cluster", settings=settings) as cluster,
            closing(cluster.client()) as web,
        ):
            until(lambda: web.knows(DAG_ID))
            web.unpause(DAG_ID)
            # Unpausing starts a run for the hour that has just ended; it has no readings.
            until(lambda: any(run["state"] == "success" for run in web.runs(DAG_ID)))
            yield Terminal(stack, cluster, web)


@pytest.mark.behaviour("missing-hours", "late-readings")
def test_what_is_missing_is_found_and_the_printed_commands_mend_it(world: Terminal) -> None:
    """Unscored hours, a deleted prediction, late readings, and an hour hidden by a manual run."""
    first, last = hour(TRAINED), hour(TRAINED + 3)
    # A run by hand for the second hour's start has the logical date of that hour, and scores the first.
    body = {"logical_date": first.end.isoformat(), "conf": {}}
    world.web.post(f"/dags/{DAG_ID}/dagRuns", body)
    world.settle()

    code, printed = world.missing(first, last)
    assert code == 1
    lines = printed.splitlines()
    assert [line[:13] for line in lines[1:3]] == [str(first.next), str(first.next.next)]
    assert [line.endswith("hidden by a run of another hour") for line in lines[1:3]] == [True, False]
    assert [command.split()[1] for command in world.paste(printed)] == ["backfill", "dags"]
    world.settle()
    assert world.missing(first, last) == (0, f"All 3 hours from {first} up to {last} are complete.\n")

    world.stack.storage.container(Container.PREDICTIONS).delete_blob(prediction_blob(first, "1_1"))
    late = f"{readings_prefix(last.previous, '1_2')}late.csv"
    row = f"TS,Device,Tag,Value\n{last.previous.start:%Y-%m-%d %H}:59:59.987,1,2,3.5\n"
    world.stack.storage.container(Container.DATA).upload_blob(late, row)
    code, printed = world.missing(first, last)
    assert code == 1
    assert "1 sensor without predictions (1_1)" in printed
    assert "1 sensor with readings newer than their predictions (1_2)" in printed
    assert [command.split()[1] for command in world.paste(printed)] == ["backfill", "tasks"]
    world.settle()
    assert ":59:59.987" in world.predictions(last.previous, "1_2")
    assert world.missing(first, last) == (0, f"All 3 hours from {first} up to {last} are complete.\n")


@pytest.mark.behaviour("live-first")
def test_a_live_hour_that_falls_due_in_a_backfill_is_taken_before_what_waits_already(world: Terminal) -> None:
    """While one of its task instances waits, the scheduler starts none of the backfill's."""
    world.narrow(1)
    live = next(run["dag_run_id"] for run in world.web.runs(DAG_ID) if run["run_type"] == "scheduled")
    options = {"max_active_runs": 6, "run_backwards": False, "reprocess_behavior": "completed"}
    world.web.backfill(DAG_ID, hour(0).start.isoformat(), hour(5).start.isoformat(), **options)
    due = f"/dags/{DAG_ID}/dagRuns/~/taskInstances"
    until(lambda: world.web.get(due, state="scheduled")["total_entries"] > 2)
    # The run of the hour that has just ended falls due once more.
    world.web.clear(DAG_ID, live, [ti.task_id for ti in world.web.task_instances(DAG_ID, live)])
    until(lambda: "submit" in world.taken(live))

    backfill = [run["dag_run_id"] for run in world.web.runs(DAG_ID) if run["run_type"] == "backfill"]
    others = [wait for run in backfill for wait in world.waits(run)]
    ours = world.waits(live)
    assert len(ours) >= 4
    assert any(theirs.due < mine.due < mine.taken < theirs.taken for mine in ours for theirs in others), (
        "something was overtaken"
    )
    for mine in ours:
        # One may have been chosen just as it fell due; however busy the machine is, nobody else comes first.
        assert sum(mine.due < each.taken < mine.taken for each in others) <= 1
