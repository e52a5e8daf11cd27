"""Hours in trouble: nodes that vanish or cannot be had, and predictions spoiled before `confirm` looks.

Each is one run of the standing Airflow, with all of it real; the local Azure Batch is told what to do wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from azure.batch.models import (
    BatchNodeRemoveOptions,
    BatchPoolCreateOptions,
    BatchPoolEnableAutoScaleOptions,
    BatchPoolResizeOptions,
)

from scoring_contract.layout import Container, prediction_blob
from scoring_contract.predictions import COLUMNS
from sensor_scoring.hourly.outcome.summary import Outcome
from sensor_scoring.hourly.planning.capacity import pool_spec
from sensor_scoring.settings import Settings
from tests.integration.world import DAG, HOUR, SCORED
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.world import World
    from tests.support.receivers import Webhook

POOL = Settings().pool.pool_id
WAITING = "1_1"
"""A sensor whose log is read."""

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]


@pytest.fixture(autouse=True)
def all_is_well_again(world: World) -> Iterator[None]:
    """Let go what a failed test holds, and let the next run make its own pool."""
    yield
    world.scorer.release()
    control(world, "quotas", cores=None)
    no_pool(world)


def control(world: World, name: str, **body: Any) -> None:
    """Inject a fault into the Batch account."""
    httpx.post(
        f"{world.stack.batch.endpoint}/_emulator/{name}", json=body, trust_env=False
    ).raise_for_status()


def no_pool(world: World) -> None:
    """Delete the pool, and wait until it is gone."""
    if is_there(world):
        world.batch.begin_delete_pool(POOL)
    until(lambda: not is_there(world))


def is_there(world: World) -> bool:
    """Whether there is a pool."""
    return POOL in {pool.id for pool in world.batch.list_pools(select=["id"])}


def said(world: World, run: str) -> str:
    """Return what the waiting sensor has logged."""
    return world.web.log(DAG, run, "score", map_index=world.instances(run)[WAITING].map_index)


def all_run(world: World, run: str) -> bool:
    """Whether every sensor's Batch task runs and its instance is watched."""
    if list(world.states(run).values()) != ["deferred"] * len(SCORED):
        return False
    tasks = [task.state for task in world.batch_tasks(run).values()]
    return tasks == ["running"] * len(SCORED) and world.are_watched(run)


def ended_well(world: World, run: str) -> None:
    """Release all; check that the hour is complete and the trouble cost no sensor a retry."""
    world.scorer.release()
    assert world.wait(run) == "success"
    assert [line.sensor for line in world.summary(run).having(Outcome.SCORED)] == SCORED
    assert sorted(world.batch_tasks(run)) == [f"{sensor}-e2-a0" for sensor in SCORED]
    assert {ti.try_number for ti in world.instances(run).values()} == {1}
    assert world.active_jobs(run) == []


@pytest.mark.behaviour("node-lost")
def test_an_hour_whose_spot_nodes_are_evicted_is_scored_elsewhere(world: World) -> None:
    """Its sensors run again on other nodes, and each log says so once."""
    no_pool(world)
    asked = pool_spec(Settings()).request("")
    scaling = {name for name in asked if name.lower().startswith(("autoscale", "enableautoscale"))}
    fixed = {name: value for name, value in asked.items() if name not in scaling}
    world.batch.create_pool(BatchPoolCreateOptions({**fixed, "targetLowPriorityNodes": 2}))
    world.scorer.hold(*SCORED)
    run = world.web.trigger(DAG, hour=str(HOUR))
    until(lambda: all_run(world, run))
    control(world, "nodes/preempt", poolId=POOL, away=3600)
    evicted = "its node was lost or pre-empted; Batch runs the same task again elsewhere"
    until(lambda: evicted in said(world, run))
    world.batch.begin_resize_pool(POOL, BatchPoolResizeOptions(target_dedicated_nodes=2))
    ended_well(world, run)
    assert said(world, run).count(evicted) == 1


@pytest.mark.behaviour("pool-trouble")
def test_an_hour_without_a_quota_says_so_and_waits(world: World) -> None:
    """Waiting sensors log the quota and what to do; once it is raised, the hour continues."""
    no_pool(world)
    control(world, "quotas", cores=0)
    run = world.web.trigger(DAG, hour=str(HOUR))
    until(lambda: WAITING in world.instances(run))
    until(lambda: "AccountCoreQuotaReached" in said(world, run))
    assert "ask for more cores or lower max_nodes" in said(world, run)
    control(world, "quotas", cores=None)
    evaluate(world)
    ended_well(world, run)


@pytest.mark.behaviour("pool-trouble")
def test_an_hour_on_unusable_nodes_says_so_and_goes_on_on_others(world: World) -> None:
    """The log names node and error; once a person removes the nodes, the pool replaces them."""
    world.scorer.hold(*SCORED)
    run = world.web.trigger(DAG, hour=str(HOUR))
    until(lambda: all_run(world, run))
    broken = [node.id for node in world.batch.list_nodes(POOL)]
    for node in broken:
        control(world, "nodes/break", poolId=POOL, nodeId=node, code="DiskFull", message="no space left")
    sentences = [f"node {node} is unusable (DiskFull: no space left)" for node in broken]
    until(lambda: all(sentence in said(world, run) for sentence in sentences))
    world.batch.begin_remove_nodes(POOL, BatchNodeRemoveOptions(node_ids=broken)).wait()
    evaluate(world)
    ended_well(world, run)
    assert not {node.id for node in world.batch.list_nodes(POOL)} & set(broken)


def evaluate(world: World) -> None:
    """Evaluate the pool's formula now instead of within five minutes."""
    formula = world.batch.get_pool(POOL).auto_scale_formula
    world.batch.enable_pool_auto_scale(POOL, BatchPoolEnableAutoScaleOptions(auto_scale_formula=formula))


def spoil(world: World) -> None:
    """Overwrite, empty and delete a prediction each, and add one of an unknown sensor."""
    container = world.stack.storage.container(Container.PREDICTIONS)
    blobs = {sensor: container.get_blob_client(prediction_blob(HOUR, sensor)) for sensor in [*SCORED, "9_9"]}
    header = ",".join(COLUMNS) + "\r\n"
    blobs["1_1"].upload_blob(blobs["1_1"].download_blob().readall(), overwrite=True)
    mark = blobs["1_2"].get_blob_properties().metadata
    blobs["1_2"].upload_blob(header, metadata=mark, overwrite=True)
    blobs["1_3"].delete_blob()
    blobs["9_9"].upload_blob(header, overwrite=True)


@pytest.mark.behaviour("gate")
def test_predictions_that_are_spoiled_make_the_hour_red_with_one_alert(world: World, told: Webhook) -> None:
    """`confirm`, summary, message and verdict name them, and one clear scores them again."""
    world.scorer.hold("2_2")
    run = world.web.trigger(DAG, hour=str(HOUR))
    until(lambda: world.states(run) == {**dict.fromkeys(SCORED, "success"), "2_2": "deferred"})
    before = len(told.bodies)
    spoil(world)
    world.scorer.release()
    assert world.wait(run) == "failed"
    assert world.states(run) == dict.fromkeys(SCORED, "success"), "scoring itself went well"
    wrong = "1 missing (1_3); 1 empty (1_2); 1 stale (1_1); 1 not expected (9_9)"
    assert f"predictions of {HOUR}: {wrong}" in world.web.log(DAG, run, "confirm")
    summary = world.summary(run)
    assert (summary.colour, summary.stray) == ("red", ("9_9",))
    assert [line.sensor for line in summary.having(Outcome.FAILED)] == ["1_1", "1_2", "1_3"]
    # On a busy machine the run is late as well, which is told while it runs.
    red = [body for body in told.bodies[before:] if body["title"].startswith("red: ")]
    assert len(red) == 1, red
    (body,) = red
    assert "3 failed" in body["title"]
    assert all(sensor in body["message"] for sensor in ("1_1", "1_2", "1_3"))
    world.stack.storage.container(Container.PREDICTIONS).delete_blob(prediction_blob(HOUR, "9_9"))
    index = {sensor: ti.map_index for sensor, ti in world.instances(run).items()}
    world.web.clear(DAG, run, [("score", index[sensor]) for sensor in ("1_1", "1_2", "1_3")], downstream=True)
    assert world.wait(run) == "success"
    assert world.summary(run).colour == "green"
