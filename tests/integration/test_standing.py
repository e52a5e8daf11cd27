"""What only a running Airflow can show: scheduler, triggerer, dag-processor and api-server on PostgreSQL.

Each test is a person or a fault that meets a run. Sensor 2_3 is silent; the others have readings.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

import httpx
import pytest

from tests.integration.world import DAG, HOUR, LONG, SCORED
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.conftest import Obedient
    from tests.integration.world import World
    from tests.support.receivers import Webhook

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]


@pytest.fixture(autouse=True)
def nobody_is_held(scorer: Obedient) -> Iterator[None]:
    """Let go what a failed test holds."""
    yield
    scorer.release()


@pytest.mark.behaviour("marked", "sibling", "cleared")
def test_a_person_meets_single_sensors_while_they_are_scored(world: World) -> None:
    """Marking or clearing one ends only its Batch task; clearing the failed one makes the run succeed."""
    world.scorer.hold(*SCORED)
    run = world.web.trigger(DAG, hour=str(HOUR))
    until(lambda: list(world.states(run).values()) == ["deferred"] * 5)
    assert sorted(world.instances(run)) == SCORED, "a person finds a sensor by its name"
    until(lambda: not world.cluster.workers())  # nobody waits on a worker
    until(lambda: [task.state for task in world.batch_tasks(run).values()] == ["running"] * 5)
    # Before the triggerer has taken an instance over, Airflow has nobody to tell that it was marked.
    until(lambda: world.are_watched(run))

    index = {sensor: ti.map_index for sensor, ti in world.instances(run).items()}
    world.web.mark(DAG, run, "score", index["1_1"], "failed")
    world.web.clear(DAG, run, [("score", index["1_2"])], downstream=False)
    until(lambda: world.batch_tasks(run)["1_1-e2-a0"].state == "completed")
    until(lambda: "1_2-e3-a0" in world.batch_tasks(run))
    until(lambda: world.batch_tasks(run)["1_2-e2-a0"].state == "completed")
    until(lambda: world.batch_tasks(run)["1_2-e3-a0"].state == "running")
    others = {name: task.state for name, task in world.batch_tasks(run).items() if name[:3] in SCORED[2:]}
    assert others == {"1_3-e2-a0": "running", "2_1-e2-a0": "running", "2_2-e2-a0": "running"}

    world.scorer.release()
    assert world.wait(run) == "failed", "the marked one was not scored"
    assert world.states(run) == {**dict.fromkeys(SCORED, "success"), "1_1": "failed"}
    assert world.batch_tasks(run)["1_2-e3-a0"].execution_info.result == "success"

    assert world.web.clear(DAG, run, [("score", index["1_1"])], downstream=True) > 1
    assert world.wait(run) == "success"
    assert world.states(run) == dict.fromkeys(SCORED, "success")
    assert world.batch_tasks(run)["1_1-e3-a0"].execution_info.result == "success"
    assert len(world.batch_tasks(run)) == 7, "nothing else was scored again"
    assert {job.state for job in world.batch.list_jobs() if job.id.startswith(world.base(run))} == {
        "completed"
    }


@pytest.mark.behaviour("two-runs", "adopted")
def test_two_runs_of_one_hour_at_once_both_end_well(world: World) -> None:
    """Their ids differ, and the later plan's predictions stay."""
    runs = [world.web.trigger(DAG, hour=str(HOUR)) for _ in range(2)]
    assert [world.wait(run) for run in runs] == ["success", "success"]
    assert world.base(runs[0]) != world.base(runs[1])
    for run in runs:
        assert sorted(world.batch_tasks(run)) == [f"{sensor}-e2-a0" for sensor in SCORED]
    assert len({world.planned_at(sensor) for sensor in SCORED}) == 1
    logs = [
        world.web.log(DAG, run, "score", map_index=ti.map_index)
        for run in runs
        for ti in world.instances(run).values()
    ]
    assert any("succeeded" in log and "waiting for" not in log for log in logs), (
        "a Batch task that had ended before its instance looked was taken as it was"
    )


def test_the_links_of_an_instance_lead_to_what_it_is_about(world: World) -> None:
    """Whether it ended in the trigger or never deferred, and only for signed-in users."""
    run = world.web.trigger(DAG, hour=str(HOUR))
    assert world.wait(run) == "success"
    for sensor, ti in world.instances(run).items():
        links = world.web.links(DAG, run, "score", ti.map_index)
        assert sorted(links) == ["Batch task", "Predictions", "stdout"]
        assert f"{sensor} scored: 240 readings" in world.web.page(links["stdout"]).text
        assert world.web.page(links["Predictions"]).text.startswith("TS,Device,Tag,Value,Prediction")
        assert "completed" in world.web.page(links["Batch task"]).text
        stranger = httpx.get(f"{world.cluster.address}{links['stdout']}", trust_env=False)
        assert stranger.status_code == httpx.codes.UNAUTHORIZED


@pytest.mark.behaviour("cleared")
def test_a_whole_run_that_is_cleared_is_scored_again(world: World) -> None:
    """In another Batch job, with new predictions."""
    run = world.web.trigger(DAG, hour=str(HOUR))
    assert world.wait(run) == "success"
    before = world.planned_at("1_1")
    world.web.clear(DAG, run, [ti.task_id for ti in world.web.task_instances(DAG, run)])
    assert world.wait(run) == "success"
    assert world.planned_at("1_1") > before
    again = sorted(name for name in world.batch_tasks(run) if "-e3-" in name)
    assert again == [f"{sensor}-e3-a0" for sensor in SCORED]


@pytest.mark.behaviour("cleared", "two-runs")
def test_a_backfill_scores_the_hour_and_scores_it_again_when_asked(world: World) -> None:
    """Its Batch job ranks below the live hour's."""
    start = HOUR.start.isoformat()

    def is_planned_after(moment: str) -> bool:
        return world.planned_at("1_1") > moment

    def is_completed(backfill: int) -> bool:
        return bool(world.web.get(f"/backfills/{backfill}")["completed_at"])

    options = {"max_active_runs": 1, "run_backwards": False}
    for behaviour in ("none", "completed"):
        before = world.planned_at("1_1")
        backfill = world.web.backfill(DAG, start, start, reprocess_behavior=behaviour, **options)
        until(partial(is_planned_after, before))
        until(partial(is_completed, backfill))
    (run,) = {
        entry["dag_run_id"]
        for entry in world.web.runs(DAG)
        if entry["run_type"] == "backfill" and datetime.fromisoformat(entry["logical_date"]) == HOUR.start
    }
    assert world.web.run_state(DAG, run) == "success"
    jobs = [job for job in world.batch.list_jobs() if job.id.startswith(world.base(run))]
    assert {job.priority for job in jobs} == {-100}
    assert len(jobs) == 2


def test_the_example_runs_a_command_once_for_each_item(world: World) -> None:
    """Each item has a Batch task in a shared job, and its name in the UI."""
    run = world.web.trigger("example_containers")
    assert world.web.wait_for_run("example_containers", run, seconds=LONG) == "success"
    instances = world.web.task_instances("example_containers", run, task_id="measure")
    assert [(ti.label, ti.state) for ti in instances] == [
        (item, "success") for item in ("alpha", "beta", "gamma")
    ]
    (job,) = [job for job in world.batch.list_jobs() if job.id.startswith("example_containe-")]
    printed = sorted(
        b"".join(world.batch.download_task_file(job.id, task.id, "stdout.txt")).decode()
        for task in world.batch.list_tasks(job.id)
    )
    assert printed == ["alpha 5\n", "beta 4\n", "gamma 5\n"]
    assert job.constraints is not None
    assert job.constraints.max_wall_clock_time is not None
    assert job.constraints.max_wall_clock_time.total_seconds() == 3600


@pytest.mark.behaviour("at-once")
def test_many_that_end_as_they_defer_all_end_well(world: World) -> None:
    """Forty instant Batch tasks: no race in the scheduler fails or repeats an instance."""
    items = [f"item-{number:02}" for number in range(40)]
    run = world.web.trigger("example_containers", items=items)
    assert world.web.wait_for_run("example_containers", run, seconds=LONG) == "success"
    found = world.web.task_instances("example_containers", run, task_id="measure")
    assert [ti.label for ti in found] == items
    assert {(ti.state, ti.try_number) for ti in found} == {("success", 1)}


def test_a_scored_hour_starts_its_consumer_once(world: World) -> None:
    """The consumer gets the hour; a run with a bad verdict starts none."""
    before = {run["dag_run_id"] for run in world.web.runs("example_consumer")}
    run = world.web.trigger(DAG, hour=str(HOUR))
    assert world.wait(run) == "success"

    def told() -> list[str]:
        new = [entry for entry in world.web.runs("example_consumer") if entry["dag_run_id"] not in before]
        return [entry["dag_run_id"] for entry in new if entry["state"] == "success"]

    until(told)
    (consumer,) = told()
    hours = world.web.get(
        f"/dags/example_consumer/dagRuns/{consumer}/taskInstances/report/xcomEntries/return_value"
    )
    assert str(HOUR) in str(hours["value"])


PODS = "local_stack.airflow.pod_executor.PodExecutor"


@pytest.mark.behaviour("late-run")
@pytest.mark.parametrize(
    "executor",
    [
        "LocalExecutor",
        pytest.param("local_stack.airflow.pod_executor.PodExecutor", marks=pytest.mark.nightly),
    ],
)
def test_a_run_that_takes_too_long_is_told_of_while_it_runs(
    world: World, told: Webhook, executor: str
) -> None:
    """One alert, under executors with and without callbacks, and the scheduler survives."""
    world.run_under(executor)
    world.scorer.hold("1_1")
    date = datetime.now(UTC) - timedelta(hours=1)
    body = {"logical_date": date.isoformat(), "conf": {"hour": str(HOUR)}}
    run = str(world.web.post(f"/dags/{DAG}/dagRuns", body)["dag_run_id"])

    def about_it() -> list[str]:
        return [body["title"] for body in told.bodies if quote(run, safe="") in body["message"]]

    def look() -> list[str]:
        looking = world.web.trigger("late_runs")
        assert world.web.wait_for_run("late_runs", looking, seconds=LONG) == "success"
        return about_it()

    # Without a node, the pool would be reported too; what is unpaused looks by itself.
    until(lambda: world.states(run).get("1_1") == "deferred")
    until(lambda: world.batch_tasks(run)["1_1-e2-a0"].state == "running")
    world.web.unpause("late_runs")
    until(look)
    look()
    assert world.web.run_state(DAG, run) == "running"
    world.scorer.release()
    assert world.wait(run) == "success"
    assert about_it() == [f"running: sensor scoring of {HOUR}: late"]
    assert world.cluster.is_healthy("scheduler")
