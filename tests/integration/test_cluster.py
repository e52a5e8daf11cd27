"""Airflow's four standing processes: what the local stack can do to them, and what they then still do."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import psutil
import pytest

from local_stack.airflow_client import states
from local_stack.cluster import FAST_RECOVERY, PROCESSES, running_cluster
from local_stack.family import is_alive
from local_stack.hour import DAG_ID, lay_out_file, train
from local_stack.processes import StackError
from local_stack.stack import running_stack
from local_stack.workspace import Workspace
from scoring_contract.hour import RunHour
from scoring_contract.layout import Container, prediction_blob

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from local_stack.airflow_client import AirflowClient, TaskInstance
    from local_stack.cluster import Cluster
    from local_stack.stack import Stack

HOUR = RunHour.parse("2026-01-05T09")
SCORED = ["1_1", "1_2", "1_3", "2_1", "2_2"]
_LONG = 900.0


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, readings: Path) -> Iterator[Stack]:
    """Run a stack of our own, readings laid out and models trained: others count what happens on theirs."""
    root = tmp_path_factory.mktemp("cluster")
    with running_stack(Workspace(root, root / "results")) as stack:
        train(stack, lay_out_file(stack, readings), HOUR)
        yield stack


@pytest.fixture(scope="module")
def cluster(stack: Stack) -> Iterator[Cluster]:
    """Run Airflow on it."""
    settings = {**FAST_RECOVERY, "SENSOR_SCORING_POLL_SECONDS": "1"}
    with running_cluster(stack, folder=stack.workspace.root / "cluster", settings=settings) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def web(cluster: Cluster) -> Iterator[AirflowClient]:
    """Log in, once: what a person holds outlives the process that gave it."""
    web = cluster.client()
    until(lambda: web.knows(DAG_ID))
    web.unpause(DAG_ID)
    yield web
    web.close()


def until(condition: Callable[[], object]) -> None:
    """Wait until a condition is true."""
    deadline = time.monotonic() + _LONG
    while not condition():
        assert time.monotonic() < deadline, "not true in time"
        time.sleep(0.1)


def families(cluster: Cluster) -> dict[str, list[psutil.Process]]:
    """Return each process with what it has started."""
    return {name: [psutil.Process(pid) for pid in pids] for name, pids in cluster.pids().items()}


def scores(web: AirflowClient, run: str) -> list[TaskInstance]:
    """Return the instances of ``score``."""
    return web.task_instances(DAG_ID, run, task_id="score")


def predicted_at(stack: Stack) -> dict[str, object]:
    """Return when each sensor's prediction was written."""
    container = stack.storage.container(Container.PREDICTIONS)
    blobs = {sensor: container.get_blob_client(prediction_blob(HOUR, sensor)) for sensor in SCORED}
    return {sensor: blob.get_blob_properties().last_modified for sensor, blob in blobs.items()}


def test_all_processes_are_healthy_and_listen_to_this_machine_alone(cluster: Cluster) -> None:
    """PostgreSQL too: nobody on the network gets at a laptop's Airflow, and two of them live side by side."""
    assert all(cluster.is_healthy(name) for name in PROCESSES)
    everybody = [process for family in families(cluster).values() for process in family]
    sockets = [
        socket
        for process in (*everybody, psutil.Process(cluster.database.pid))
        for socket in process.net_connections()
        if socket.status == psutil.CONN_LISTEN
    ]
    assert [socket.laddr.ip for socket in sockets] == ["127.0.0.1"] * 2


def test_whoever_runs_is_not_started_twice(cluster: Cluster) -> None:
    """A second scheduler by mistake would make a test say something else."""
    before = cluster.pids()["scheduler"][0]
    with pytest.raises(StackError, match="scheduler is already running"):
        cluster.start("scheduler")
    assert cluster.pids()["scheduler"][0] == before


def test_killed_processes_are_unhealthy_until_their_successors_report(
    cluster: Cluster, web: AirflowClient
) -> None:
    """What they had started goes with them, or when one is killed alone; a person stays logged in."""
    before = families(cluster)
    assert len(before["scheduler"]) > 1, "the server that the executor's processes are forked from"
    for name in ("dag-processor", "triggerer"):
        cluster.kill(name)
        assert not any(map(is_alive, before[name]))
        assert not cluster.is_healthy(name)
    cluster.kill("scheduler", alone=True)
    until(lambda: not any(map(is_alive, before["scheduler"])))
    cluster.kill("api-server")
    assert not any(cluster.is_healthy(name) for name in PROCESSES)

    for name in PROCESSES:
        cluster.start(name)
    cluster.wait_until_healthy()
    now = families(cluster)
    assert not any(set(now[name]) & set(before[name]) for name in PROCESSES)
    assert web.knows(DAG_ID)
    assert cluster.memory().keys() == set(PROCESSES)
    assert min(cluster.memory().values()) > 50_000_000


def test_an_hour_is_scored_and_one_sensor_again_when_it_is_cleared(
    stack: Stack, cluster: Cluster, web: AirflowClient
) -> None:
    """The processes that were started again do all of it; nobody else's prediction is written twice."""
    run = web.trigger(DAG_ID, hour=str(HOUR))
    assert web.wait_for_run(DAG_ID, run, seconds=_LONG) == "success"
    assert states(scores(web, run)) == dict.fromkeys(SCORED, "success")
    before = predicted_at(stack)

    (cleared,) = [ti for ti in scores(web, run) if ti.label == "2_1"]
    assert web.clear(DAG_ID, run, [("score", cleared.map_index)], downstream=True) > 1
    assert web.wait_for_run(DAG_ID, run, seconds=_LONG) == "success"
    after = predicted_at(stack)
    assert [sensor for sensor in SCORED if after[sensor] != before[sensor]] == ["2_1"]
    until(lambda: not cluster.workers())
