"""Airflow's four processes: how the local stack kills and restarts them, and that they work afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psutil
import pytest

from local_stack.airflow.cluster import PROCESSES
from local_stack.services.family import is_alive
from local_stack.services.processes import StackError
from scoring_contract.layout import Container, prediction_blob
from tests.integration.world import DAG, HOUR, SCORED
from tests.support.waiting import until

if TYPE_CHECKING:
    from local_stack.airflow.cluster import Cluster
    from tests.integration.world import World

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]


@pytest.fixture
def cluster(world: World) -> Cluster:
    """Return the processes."""
    return world.cluster


def families(cluster: Cluster) -> dict[str, list[psutil.Process]]:
    """Return each process with its descendants, but for parsers that have ended meanwhile."""
    return {name: list(filter(None, map(process_of, pids))) for name, pids in cluster.pids().items()}


def process_of(pid: int) -> psutil.Process | None:
    """Return a process; None if it has ended."""
    try:
        return psutil.Process(pid)
    except psutil.NoSuchProcess:
        return None


def listening(process: psutil.Process) -> list[str]:
    """Return the addresses that a process listens on; one that has ended, on none."""
    try:
        sockets = process.net_connections()
    except psutil.NoSuchProcess:
        return []
    return [socket.laddr.ip for socket in sockets if socket.status == psutil.CONN_LISTEN]


def predicted_at(world: World) -> dict[str, object]:
    """Return when each prediction was written."""
    container = world.stack.storage.container(Container.PREDICTIONS)
    blobs = {sensor: container.get_blob_client(prediction_blob(HOUR, sensor)) for sensor in SCORED}
    return {sensor: blob.get_blob_properties().last_modified for sensor, blob in blobs.items()}


def test_all_processes_are_healthy_and_listen_to_this_machine_alone(cluster: Cluster) -> None:
    """No one on the network reaches a laptop's Airflow or PostgreSQL, and two stacks can run side by side."""
    assert all(cluster.is_healthy(name) for name in PROCESSES)
    everybody = [process for family in families(cluster).values() for process in family]
    everybody.append(psutil.Process(cluster.database.pid))
    assert [address for process in everybody for address in listening(process)] == ["127.0.0.1"] * 2


def test_whoever_runs_is_not_started_twice(cluster: Cluster) -> None:
    """A second scheduler would falsify other tests."""
    before = cluster.pids()["scheduler"][0]
    with pytest.raises(StackError, match="scheduler is already running"):
        cluster.start("scheduler")
    assert cluster.pids()["scheduler"][0] == before


def test_killed_processes_are_unhealthy_until_their_successors_report(cluster: Cluster, world: World) -> None:
    """Their children end with them, and people stay logged in."""
    # Airflow notices a killed task instance only after minutes: the consumer of the first hour may still run.
    until(lambda: not cluster.workers())
    before = families(cluster)
    assert len(before["scheduler"]) > 1, "the server that the executor's processes are forked from"
    for name in ("dag-processor", "triggerer", "scheduler", "api-server"):
        # Without an api-server nobody can tell: it goes last.
        cluster.kill(name)
        assert not any(map(is_alive, before[name]))
        assert not cluster.is_healthy(name)
    assert not any(cluster.is_healthy(name) for name in PROCESSES)

    for name in PROCESSES:
        cluster.start(name)
    cluster.wait_until_healthy()
    now = families(cluster)
    assert not any(set(now[name]) & set(before[name]) for name in PROCESSES)
    assert world.web.knows(DAG)
    assert cluster.memory().keys() == set(PROCESSES)
    assert min(cluster.memory().values()) > 50_000_000


def test_an_hour_is_scored_and_one_sensor_again_when_it_is_cleared(world: World) -> None:
    """The restarted processes do all of it, and rewrite no other sensor's prediction."""
    run = world.web.trigger(DAG, hour=str(HOUR))
    assert world.wait(run) == "success"
    assert world.states(run) == dict.fromkeys(SCORED, "success")
    before = predicted_at(world)

    index = world.instances(run)["2_1"].map_index
    assert world.web.clear(DAG, run, [("score", index)], downstream=True) > 1
    assert world.wait(run) == "success"
    after = predicted_at(world)
    assert [sensor for sensor in SCORED if after[sensor] != before[sensor]] == ["2_1"]
    until(lambda: not world.cluster.workers())
