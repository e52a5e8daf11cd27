"""Pools through the real SDK: created, resized, emptied, deleted."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from azure.batch import models
from azure.core import MatchConditions
from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError

from tests.batch_emulator.bench import WAIT, present

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.batch_emulator.bench import Bench


def states(bench: Bench, pool: str = "pool") -> list[str]:
    """List the states of a pool's nodes."""
    return sorted(str(node.state.value) for node in bench.nodes(pool))


def test_new_pool_resizes_boots_and_becomes_idle(bench_of: Callable[..., Bench]) -> None:
    """A pool with a target is resizing at once; its nodes are created, started, then idle."""
    bench = bench_of(boot=timedelta(minutes=4))
    bench.pool(nodes=2)

    pool = bench.client.get_pool("pool")
    assert (pool.state, pool.allocation_state) == ("active", "resizing")
    assert (pool.current_dedicated_nodes, pool.target_dedicated_nodes) == (2, 2)
    assert states(bench) == ["creating", "creating"]

    bench.advance(minutes=2)
    assert bench.client.get_pool("pool").allocation_state == "steady"
    assert states(bench) == ["starting", "starting"]

    bench.advance(minutes=2)
    assert states(bench) == ["idle", "idle"]


def test_pool_without_target_is_steady_and_whole(bench: Bench) -> None:
    """An empty pool has every field that the SDK's pollers wait for."""
    bench.pool(nodes=None)
    pool = bench.client.get_pool("pool")
    assert pool.allocation_state == "steady"
    assert (pool.current_dedicated_nodes, pool.current_low_priority_nodes) == (0, 0)
    assert (pool.target_dedicated_nodes, pool.target_low_priority_nodes) == (0, 0)
    assert present(pool.task_scheduling_policy).node_fill_type == "spread"
    assert pool.etag.startswith("0x8D")


def test_ids_collide_whatever_their_case(bench: Bench, refusal: Callable[..., Any]) -> None:
    """Batch preserves the case of an id but ignores it in comparisons."""
    bench.pool("Pool")
    assert bench.client.get_pool("pOOL").id == "Pool"
    refusal(lambda: bench.pool("POOL"), status=409, code="PoolExists")


@pytest.mark.parametrize(
    ("options", "name"),
    [
        pytest.param({"pool_id": "a b"}, "id", id="blank-in-id"),
        pytest.param({"pool_id": "x" * 65}, "id", id="id-too-long"),
        pytest.param({"slots": 17}, "taskSlotsPerNode", id="more-than-four-slots-per-core"),
        pytest.param({"resize_timeout": timedelta(minutes=4)}, "resizeTimeout", id="time-out-too-short"),
        pytest.param({"enable_auto_scale": True}, "targetDedicatedNodes", id="target-and-autoscale"),
    ],
)
def test_bad_pools_are_refused_by_property(
    bench: Bench, refusal: Callable[..., Any], options: dict[str, Any], name: str
) -> None:
    """A bad property gives 400 and is named."""
    error = refusal(lambda: bench.pool(**options), status=400, code="InvalidPropertyValue")
    assert {"key": "PropertyName", "value": name} in error.model["values"]


def test_a_number_may_come_as_a_string(bench: Bench) -> None:
    """The Azure CLI sends targets as strings; readers of the pool get numbers."""
    body: Any = {
        "id": "pool",
        "vmSize": "standard_d2s_v5",
        "virtualMachineConfiguration": bench.machine().as_dict(),
        "targetDedicatedNodes": "3",
    }
    bench.client.create_pool(body)
    assert bench.client.get_pool("pool").target_dedicated_nodes == 3


def test_resize_is_visible_before_the_answer(bench_of: Callable[..., Bench]) -> None:
    """The pool is resizing when the 202 arrives, so that the SDK's poller does not stop at once."""
    bench = bench_of(boot=timedelta(minutes=2))
    bench.pool(nodes=1)
    bench.advance(minutes=2)
    poller = bench.resize(3)
    assert bench.client.get_pool("pool").allocation_state == "resizing"
    assert not poller.done()
    bench.advance(minutes=2)
    poller.wait(120)
    assert poller.done()
    assert len(bench.nodes()) == 3


def test_second_resize_is_refused_while_the_first_lasts(
    bench_of: Callable[..., Bench], refusal: Callable[..., Any]
) -> None:
    """A pool is resized by one request at a time."""
    bench = bench_of(boot=timedelta(minutes=2))
    bench.pool(nodes=1)
    refusal(
        lambda: bench.resize(2),
        status=409,
        code="PoolBeingResized",
    )


def test_resize_that_takes_too_long_is_given_up(bench_of: Callable[..., Bench]) -> None:
    """After the resize timeout the pool is steady, smaller than requested, and says why."""
    bench = bench_of(boot=timedelta(hours=1))
    bench.pool(nodes=2, resize_timeout=timedelta(minutes=5))
    bench.advance(minutes=5)
    pool = bench.client.get_pool("pool")
    assert pool.allocation_state == "steady"
    assert bench.resize_errors() == ["AllocationTimedOut"]
    assert pool.current_dedicated_nodes == 0


def test_stopped_resize_keeps_what_is_there(bench_of: Callable[..., Bench]) -> None:
    """Stopping a resize cancels nodes that are still to come and reports ResizeStopped."""
    bench = bench_of(boot=timedelta(minutes=2))
    bench.pool(nodes=1)
    bench.advance(minutes=2)
    bench.resize(5)
    bench.client.begin_stop_pool_resize("pool", **WAIT).wait(120)
    pool = bench.client.get_pool("pool")
    assert (pool.allocation_state, pool.current_dedicated_nodes) == ("steady", 1)
    assert bench.resize_errors() == ["ResizeStopped"]


def test_core_quota_limits_a_resize(bench_of: Callable[..., Bench]) -> None:
    """A pool grows up to the account's core quota and reports the rest."""
    bench = bench_of(core_quota=9)
    bench.pool(nodes=3)
    pool = bench.client.get_pool("pool")
    assert pool.current_dedicated_nodes == 2
    assert bench.resize_errors() == ["AccountCoreQuotaReached"]


def test_removed_nodes_leave_and_lower_the_target(bench: Bench) -> None:
    """Removing nodes by id takes exactly those."""
    bench.pool(nodes=3)
    victim, *rest = [node.id for node in bench.nodes()]
    remove = models.BatchNodeRemoveOptions(node_ids=[victim])
    bench.client.begin_remove_nodes("pool", remove, **WAIT).wait(120)
    assert [node.id for node in bench.nodes()] == rest
    assert bench.client.get_pool("pool").target_dedicated_nodes == 2


def test_shrinking_with_taskcompletion_waits_for_the_task(bench: Bench, tmp_path: Any) -> None:
    """With taskcompletion the pool stays resizing until the node's task has ended by itself."""
    gate = tmp_path / "gate"
    bench.pool(nodes=1)
    bench.job()
    bench.task(bench.sh(f"echo up; until [ -e {gate} ]; do sleep 0.02; done"))
    bench.running()
    options = models.BatchPoolResizeOptions(
        target_dedicated_nodes=0, node_deallocation_option="taskcompletion"
    )
    bench.client.begin_resize_pool("pool", options, **WAIT)
    assert bench.client.get_pool("pool").allocation_state == "resizing"
    assert states(bench) == ["leavingpool"]
    gate.touch()
    assert bench.ended().execution_info.exit_code == 0
    bench.until(lambda: bench.client.get_pool("pool").allocation_state == "steady")
    assert bench.nodes() == []


def test_shrinking_requeues_what_runs(bench: Bench) -> None:
    """By default a node that leaves requeues its task, which is counted."""
    bench.pool(nodes=1)
    bench.job()
    bench.task(bench.sh("echo up; exec sleep 60"))
    bench.running()
    bench.resize(0)
    task = bench.until(lambda: bench.in_state("active"))
    assert task.execution_info.requeue_count == 1
    assert task.execution_info.retry_count == 0
    bench.until(lambda: bench.nodes() == [])


def test_deleted_pool_requeues_its_tasks_and_is_gone(bench: Bench, refusal: Callable[..., Any]) -> None:
    """A pool that is being deleted refuses changes, then disappears."""
    bench.pool(nodes=1)
    bench.job()
    bench.task(bench.sh("echo up; trap '' TERM; sleep 60"))
    bench.running()
    poller = bench.client.begin_delete_pool("pool", **WAIT)
    assert bench.client.get_pool("pool").state == "deleting"
    refusal(lambda: bench.client.begin_delete_pool("pool"), status=409, code="PoolBeingDeleted")
    poller.wait(120)
    with pytest.raises(ResourceNotFoundError):
        bench.client.get_pool("pool")
    assert bench.in_state("active") is not None


def test_exists_answers_head(bench: Bench) -> None:
    """HEAD gives 200 for an existing pool; the SDK itself turns the 404 into an error."""
    bench.pool()
    assert bench.client.pool_exists("pool") is True
    with pytest.raises(ResourceNotFoundError):
        bench.client.pool_exists("other")


def test_patch_merges_and_honours_the_etag(bench: Bench) -> None:
    """A patch keeps what it omits, and is refused with a stale ETag."""
    bench.pool(nodes=None, display_name="first")
    etag = bench.client.get_pool("pool").etag
    change = bench.models.BatchPoolUpdateOptions(
        metadata=[bench.models.BatchMetadataItem(name="a", value="b")]
    )
    bench.client.update_pool("pool", change, etag=etag, match_condition=MatchConditions.IfNotModified)
    pool = bench.client.get_pool("pool")
    assert (pool.display_name, present(pool.metadata)[0].value) == ("first", "b")
    with pytest.raises(ResourceModifiedError) as caught:
        bench.client.update_pool("pool", change, etag=etag, match_condition=MatchConditions.IfNotModified)
    assert caught.value.status_code == 412


def test_node_counts_by_state(bench: Bench) -> None:
    """Node counts list every state and can be requested for one pool."""
    bench.pool("one", nodes=2, target_low_priority_nodes=1)
    bench.pool("two", nodes=None)
    (counts,) = bench.client.list_pool_node_counts(filter="poolId eq 'one'")
    dedicated, low_priority = present(counts.dedicated), present(counts.low_priority)
    assert (dedicated.idle, dedicated.total) == (2, 2)
    assert (low_priority.idle, low_priority.running) == (1, 0)
    assert len(list(bench.client.list_pool_node_counts())) == 2


def test_supported_images_can_be_filtered(bench: Bench) -> None:
    """The list supports the filter that clients use to choose an image."""
    wanted = "verificationType eq 'verified' and osType eq 'linux'"
    images = list(bench.client.list_supported_images(filter=wanted))
    assert images
    assert all(image.os_type == "linux" for image in images)
