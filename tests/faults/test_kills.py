"""Parts are killed during a run and restarted: the run succeeds, and each sensor is scored once.

Heartbeats and time-outs of Airflow are turned down to seconds: what is shown is that it recovers, not when.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest

from local_stack.hour import DAG_ID
from local_stack.services.processes import started
from local_stack.services.supervisor import Supervisor
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults.conftest import World

SENSORS = ["1_1", "1_2", "1_3", "2_1", "2_2", "2_3"]

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


@pytest.fixture(autouse=True)
def nobody_is_held(world: World) -> Iterator[None]:
    """Let go what a failed test holds."""
    yield
    world.release()


@pytest.mark.behaviour("airflow-dies")
def test_a_killed_worker(world: World) -> None:
    """A worker dies with its supervisor while it handles a sensor; the retry attaches to the Batch task."""
    run = world.held_run()
    until(lambda: (ids := world.running(run)) and world.cluster.kill_worker(of=ids, with_supervisor=True))
    world.release()
    assert world.wait(run) == "success"
    world.assert_each_scored_once(run)


@pytest.mark.behaviour("airflow-dies")
def test_a_killed_fork_server(world: World) -> None:
    """The executor's fork server dies while sensors are handled, and the executor starts another.

    Killed in the very moment in which it forks, it takes the scheduler with it, which is then restarted.
    """
    run = world.held_run()
    until(lambda: world.running(run) or world.all_wait(run))
    world.cluster.kill_fork_server()
    world.release()
    supervisor = Supervisor(print)
    until(lambda: supervisor.look(started(), now=time.monotonic()) or world.has_ended(run))
    assert world.wait(run) == "success"
    world.assert_each_scored_once(run)
    world.cluster.restart("scheduler")


@pytest.mark.behaviour("airflow-dies")
def test_a_killed_triggerer(world: World) -> None:
    """It dies while every instance waits in it, and its successor takes them over."""
    run = world.held_run()
    until(lambda: world.all_wait(run))
    world.cluster.kill("triggerer")
    world.release()
    world.cluster.start("triggerer")
    assert world.wait(run) == "success"
    world.assert_each_scored_once(run)


@pytest.mark.behaviour("airflow-dies")
def test_a_killed_scheduler(world: World) -> None:
    """It dies with all workers while sensors are handled, and its successor continues."""
    run = world.held_run()
    until(lambda: "running" in world.states(run).values() or world.all_wait(run))
    world.cluster.kill("scheduler")
    world.cluster.start("scheduler")
    world.release()
    assert world.wait(run) == "success"
    world.assert_each_scored_once(run)


@pytest.mark.behaviour("outage", "node-lost")
def test_a_killed_batch_service(world: World) -> None:
    """It dies with its running tasks while every instance waits, and its successor runs them again."""
    run = world.held_run()
    until(lambda: world.all_wait(run))
    until(lambda: {str(task.state.value) for task in world.batch_tasks(run).values()} == {"running"})
    world.services.kill("batch")
    world.release()
    world.services.start_batch()
    assert world.wait(run) == "success"
    world.assert_each_scored_once(run)


@pytest.mark.behaviour("storage-lost", "gate")
def test_a_killed_blob_store(world: World) -> None:
    """``confirm`` names what it had acknowledged but not saved, and one clear scores that."""
    run = world.held_run()
    until(lambda: world.all_wait(run))
    world.release()
    until(lambda: set(world.states(run).values()) == {"success"})
    world.services.kill("storage")
    world.services.start_storage()
    state, kept = world.wait(run), world.predictions()
    lost = [sensor for sensor in SENSORS if sensor not in kept]
    if state == "failed":
        log = world.web.log(DAG_ID, run, "confirm", attempt=_tries_of(world, run))
        named = re.search(r"missing \(([^)]*)\)", log)
        assert (named[1].split(", ") if named else []) == lost
        world.web.clear(DAG_ID, run, [ti.task_id for ti in world.web.task_instances(DAG_ID, run)])
        assert world.wait(run) == "success"
    assert world.predictions() == SENSORS


@pytest.mark.behaviour("storage-lost")
def test_a_stopped_blob_store(world: World) -> None:
    """When terminated, it saves its data, and nothing is lost."""
    run = world.held_run()
    until(lambda: world.all_wait(run))
    world.release()
    until(lambda: set(world.states(run).values()) == {"success"})
    world.services.stop("storage")
    world.services.start_storage()
    assert world.wait(run) == "success"
    world.assert_each_scored_once(run)


def _tries_of(world: World, run: str) -> int:
    (confirm,) = world.web.task_instances(DAG_ID, run, task_id="confirm")
    return confirm.try_number
