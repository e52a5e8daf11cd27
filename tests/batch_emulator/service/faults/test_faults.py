"""Faults of nodes, allocations, formulas, images and quotas, through the real SDK."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import HttpResponseError

from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.runner.scripted import Outcome, ScriptedRunner
from tests.batch_emulator.bench import WAIT, present

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure_batch_emulator.runner.interface import AttemptSpec
    from tests.batch_emulator.bench import Bench

IMAGE = "registry.example/scoring:1"
FORMULA = "$TargetDedicatedNodes = 2;"


@pytest.fixture
def spot(bench_of: Callable[..., Bench]) -> Bench:
    """Start an emulator with two low-priority nodes and two tasks on them, whose attempts last a minute."""
    runner = ScriptedRunner(lambda _: Outcome(seconds=60))
    bench = bench_of(runner=runner, boot=timedelta(minutes=2), allow_short_intervals=True)
    bench.pool(nodes=0, target_low_priority_nodes=2)
    bench.job()
    bench.advance(minutes=2)
    for number in range(2):
        bench.task(task_id=f"t{number}")
    bench.advance(seconds=1)
    return bench


@pytest.fixture
def scripted(bench_of: Callable[..., Bench]) -> Bench:
    """Start an emulator without processes, where a turn of the clock completes everything that follows."""
    return bench_of(runner=ScriptedRunner(lambda _: 0))


def states(bench: Bench) -> list[str]:
    """List the states of the pool's nodes."""
    return [str(node.state.value) for node in bench.nodes()]


def in_containers(bench: Bench, *images: str) -> Any:
    """Describe a machine that runs containers."""
    containers = bench.models.BatchContainerConfiguration(
        type="dockerCompatible", container_image_names=list(images)
    )
    return bench.machine(container_configuration=containers)


def container(bench: Bench, image: str = IMAGE) -> Any:
    """Describe the container of a task."""
    return bench.models.BatchTaskContainerSettings(image_name=image)


def test_preempted_node_gives_its_task_back_and_returns(spot: Bench) -> None:
    """The node is preempted, its task is active and uncounted, and a replacement has the same id."""
    taken = spot.nodes()[0].id
    assert spot.emulator.node_faults.preempt("pool", taken, away=timedelta(minutes=10)) == [taken]
    assert states(spot) == ["preempted", "running"]
    spot.advance(seconds=0)
    (waiting,) = spot.client.list_tasks("job", filter="state eq 'active'")
    execution = present(waiting.execution_info)
    assert (execution.retry_count, execution.requeue_count) == (0, 0)
    assert spot.client.get_pool("pool").current_low_priority_nodes == 2
    (counts,) = spot.client.list_pool_node_counts()
    low_priority = present(counts.low_priority)
    assert (low_priority.preempted, low_priority.running) == (1, 1)
    spot.advance(minutes=10)
    assert states(spot)[0] == "creating"
    spot.advance(minutes=1)
    assert states(spot)[0] == "starting"
    spot.advance(minutes=1)
    assert (spot.nodes()[0].id, states(spot)[0]) == (taken, "idle")
    tasks = spot.client.get_job_task_counts("job").task_counts
    assert (tasks.succeeded, tasks.failed) == (2, 0)


def test_whole_pool_can_be_preempted(spot: Bench) -> None:
    """All low-priority nodes go at once; by default they are replaced after the boot time."""
    assert len(spot.emulator.node_faults.preempt("pool")) == 2
    spot.advance(seconds=0)
    assert states(spot) == ["preempted", "preempted"]
    assert spot.client.get_job_task_counts("job").task_counts.active == 2
    spot.advance(minutes=4)
    assert states(spot) == ["running", "running"]


def test_preempted_nodes_show_in_samples(spot: Bench) -> None:
    """A formula sees the number of preempted nodes."""
    spot.emulator.node_faults.preempt("pool", away=timedelta(hours=1))
    formula = "$TargetLowPriorityNodes = 2; gone = $PreemptedNodeCount.GetSample(1);"
    spot.client.enable_pool_auto_scale(
        "pool", spot.models.BatchPoolEnableAutoScaleOptions(auto_scale_formula=formula)
    )
    spot.advance(minutes=3)
    run = spot.client.evaluate_pool_auto_scale(
        "pool", spot.models.BatchPoolEvaluateAutoScaleOptions(auto_scale_formula=formula)
    )
    assert run.error is None
    assert "gone=[2]" in present(run.results)


def test_preempted_node_goes_first_when_the_pool_shrinks(spot: Bench) -> None:
    """A node without a machine is removed before one that works."""
    kept = spot.nodes()[1].id
    spot.emulator.node_faults.preempt("pool", spot.nodes()[0].id, away=timedelta(hours=1))
    spot.client.begin_resize_pool(
        "pool", spot.models.BatchPoolResizeOptions(target_low_priority_nodes=1), **WAIT
    )
    spot.advance(seconds=0)
    assert [node.id for node in spot.nodes()] == [kept]


def test_files_go_with_a_preempted_node(spot: Bench, refusal: Callable[..., Any]) -> None:
    """Files of finished tasks on a preempted node are gone."""
    spot.advance(minutes=1)
    spot.emulator.node_faults.preempt("pool", away=timedelta(minutes=1))
    error = lambda: list(spot.client.list_task_files("job", "t0"))  # noqa: E731  said twice
    refusal(error, status=409, code="TaskFilesUnavailable")
    spot.advance(minutes=3)
    assert list(spot.client.list_task_files("job", "t0")) == []


def test_real_process_dies_with_its_preempted_node(bench_of: Callable[..., Bench]) -> None:
    """The process is killed, and its task runs again on the next node."""
    bench = bench_of()
    bench.pool(nodes=0, target_low_priority_nodes=2)
    bench.job()
    bench.task(bench.sh("trap '' TERM; echo up; while :; do sleep 0.05; done"))
    first = bench.running().node_info.node_id
    bench.emulator.node_faults.preempt("pool", first, away=timedelta(hours=1))
    bench.until(lambda: (info := bench.client.get_task("job", "task").node_info) and info.node_id != first)
    assert bench.running().execution_info.requeue_count == 0


def test_dedicated_nodes_are_not_preempted_but_lost(bench: Bench) -> None:
    """Only low-priority nodes are preempted; a dedicated one can only vanish, and comes back."""
    bench.pool()
    (node,) = bench.nodes()
    with pytest.raises(ApiError, match="Only low-priority nodes"):
        bench.emulator.node_faults.preempt("pool", node.id)
    assert bench.emulator.node_faults.preempt("pool") == []
    bench.emulator.node_faults.lose("pool", node.id, away=timedelta(minutes=5))
    assert states(bench) == ["unknown"]
    with pytest.raises(ApiError, match="while it is unknown"):
        bench.emulator.node_faults.lose("pool", node.id)
    bench.advance(minutes=5)
    bench.advance(seconds=0)
    assert (bench.nodes()[0].id, states(bench)) == (node.id, ["idle"])


def test_broken_node_is_unusable_until_rebooted(spot: Bench) -> None:
    """It shows its error and runs nothing; a reboot repairs it."""
    node = spot.nodes()[0].id
    spot.emulator.node_faults.break_node(
        "pool", node, code="DiskFull", message="no room", details=(("Disk", "/mnt"),)
    )
    spot.advance(seconds=0)
    assert states(spot) == ["unusable", "running"]
    (error,) = spot.nodes()[0].errors
    assert (error.code, error.message, error.error_details[0].value) == ("DiskFull", "no room", "/mnt")
    assert spot.client.get_job_task_counts("job").task_counts.active == 1
    spot.advance(minutes=30)
    assert states(spot) == ["unusable", "idle"]
    spot.emulator.node_faults.reboot("pool", node)
    spot.advance(minutes=2)
    assert states(spot) == ["idle", "idle"]
    assert spot.nodes()[0].errors is None


def test_failed_nodes_stay_so_over_a_restart(bench_of: Callable[..., Bench], tmp_path: Any) -> None:
    """Preempted and unusable nodes survive a restart of the emulator, and return in time."""
    options = {"data": tmp_path / "kept", "boot": timedelta(minutes=2)}
    before = bench_of(**options)
    before.pool(nodes=1, target_low_priority_nodes=1)
    before.advance(minutes=2)
    broken, taken = sorted(before.nodes(), key=lambda node: not node.is_dedicated)
    before.emulator.node_faults.break_node("pool", broken.id)
    before.emulator.node_faults.preempt("pool", taken.id, away=timedelta(minutes=10))
    before.emulator.__exit__(None, None, None)
    after = bench_of(**options)
    assert sorted(states(after)) == ["preempted", "unusable"]
    after.advance(minutes=12)
    after.advance(minutes=2)
    assert sorted(states(after)) == ["idle", "unusable"]


@pytest.mark.parametrize(
    ("code", "granted"), [("AllocationFailed", 0), ("AccountCoreQuotaReached", 1), ("AllocationTimedOut", 0)]
)
def test_allocation_fails_so_many_times(bench: Bench, code: str, granted: int) -> None:
    """A resize ends with the error and the nodes that came; the one after the fault succeeds."""
    bench.emulator.faults.fail_allocations("pool", code=code, granted=granted)
    bench.pool(nodes=3)
    bench.advance(seconds=0)
    pool = bench.client.get_pool("pool")
    assert (pool.allocation_state, pool.current_dedicated_nodes) == ("steady", granted)
    (error,) = present(pool.resize_errors)
    assert error.code == code
    assert error["values"][1] == {"name": "Granted nodes", "value": str(granted)}
    resize = bench.models.BatchPoolResizeOptions(target_dedicated_nodes=3)
    bench.client.begin_resize_pool("pool", resize, **WAIT)
    bench.advance(seconds=0)
    pool = bench.client.get_pool("pool")
    assert (pool.current_dedicated_nodes, pool.resize_errors) == (3, None)


def test_shrinking_uses_up_no_allocation_fault(bench: Bench) -> None:
    """Only a resize that needs more nodes triggers an allocation fault."""
    bench.pool(nodes=2)
    bench.advance(seconds=0)
    bench.emulator.faults.fail_allocations("POOL")
    resize = bench.models.BatchPoolResizeOptions(target_dedicated_nodes=1)
    bench.client.begin_resize_pool("pool", resize, **WAIT)
    bench.advance(seconds=0)
    assert bench.emulator.faults.pending()[0]["timesLeft"] == 1


def test_evaluation_fails_and_leaves_the_pool_alone(bench_of: Callable[..., Bench]) -> None:
    """The pool keeps its size and says why, and the next evaluation succeeds."""
    bench = bench_of()
    bench.emulator.faults.fail_evaluations("pool", code="InsufficientSampleData", message="too few", times=2)
    bench.pool(
        nodes=None,
        enable_auto_scale=True,
        auto_scale_formula=FORMULA,
        auto_scale_evaluation_interval=timedelta(minutes=5),
    )
    dry = bench.models.BatchPoolEvaluateAutoScaleOptions(auto_scale_formula=FORMULA)
    for _ in range(2):
        run = bench.autoscale_run()
        error = present(run.error)
        assert (error.code, error.message, run.results) == ("InsufficientSampleData", "too few", None)
        assert bench.nodes() == []
        assert bench.client.evaluate_pool_auto_scale("pool", dry).error is None
        bench.advance(minutes=5)
    assert bench.autoscale_run().error is None
    assert len(bench.nodes()) == 2


def test_node_that_hangs_while_it_starts_stays_so_until_it_is_removed(scripted: Bench) -> None:
    """It cannot be restarted, as it has not come up; the next node in its place does."""
    scripted.emulator.faults.hang_boots("pool")
    scripted.pool(nodes=2)
    scripted.advance(hours=2)
    assert sorted(states(scripted)) == ["idle", "starting"]
    (stuck,) = [node.id for node in scripted.nodes() if node.state == "starting"]
    with pytest.raises(HttpResponseError, match="NodeBeingStarted"):
        scripted.reboot(stuck)
    scripted.client.begin_remove_nodes(
        "pool", scripted.models.BatchNodeRemoveOptions(node_ids=[stuck]), **WAIT
    )
    scripted.advance(seconds=0)
    assert states(scripted) == ["idle"]
    scripted.resize(2)
    scripted.advance(seconds=0)
    assert states(scripted) == ["idle", "idle"]


def test_image_that_cannot_be_pulled_fails_tasks(bench_of: Callable[..., Bench]) -> None:
    """No attempt runs in that image; others work, and so does this one after the fault is cleared."""
    asked: list[str] = []

    def rule(attempt: AttemptSpec) -> int:
        asked.append(attempt.directory.name)
        return 0

    bench = bench_of(runner=ScriptedRunner(rule))
    bench.pool(virtual_machine_configuration=in_containers(bench))
    bench.job()
    bench.advance(seconds=0)
    bench.emulator.faults.fail_pulls(IMAGE)
    constraints = bench.models.BatchTaskConstraints(max_task_retry_count=3)
    bench.task(task_id="broken", container_settings=container(bench), constraints=constraints)
    bench.task(task_id="other", container_settings=container(bench, "other:2"))
    bench.advance(seconds=0)
    info, failure = bench.execution("broken"), bench.failure("broken")
    assert (info.exit_code, info.result, info.retry_count) == (None, "failure", 0)
    assert (failure.category, failure.code) == ("usererror", "ContainerInvalidImage")
    assert asked == ["other"]
    bench.emulator.faults.clear()
    bench.client.reactivate_task("job", "broken")
    bench.advance(seconds=0)
    assert bench.execution("broken").result == "success"


def test_image_failure_has_the_code_and_category_asked_for(bench: Bench) -> None:
    """Code, message, category and number of failed pulls can be chosen."""
    bench.pool(virtual_machine_configuration=in_containers(bench))
    bench.job()
    bench.emulator.faults.fail_pulls(
        IMAGE, code="ContainerImagePullFailed", message="registry down", category="servererror", times=1
    )
    for task_id in ("a", "b"):
        bench.task(task_id=task_id, container_settings=container(bench))
    first = bench.ended("a").execution_info.failure_info
    assert (first.category, first.code, first.message) == (
        "servererror",
        "ContainerImagePullFailed",
        "registry down",
    )
    assert bench.ended("b").execution_info.failure_info.code == "ContainerInvalidImage"  # it has no folder


def test_node_that_cannot_prefetch_its_image_is_unusable(scripted: Bench) -> None:
    """The node shows the error, and a reboot tries again."""
    scripted.emulator.faults.fail_pulls(IMAGE, by="node", times=1)
    scripted.pool(nodes=2, virtual_machine_configuration=in_containers(scripted, IMAGE))
    scripted.advance(seconds=0)
    assert states(scripted) == ["unusable", "idle"]
    node = scripted.nodes()[0]
    assert node.errors[0].code == "ContainerInvalidImage"
    scripted.emulator.node_faults.reboot("pool", node.id)
    scripted.advance(seconds=0)
    assert states(scripted) == ["idle", "idle"]


def test_image_that_takes_its_time_holds_attempts_up(bench_of: Callable[..., Bench]) -> None:
    """As on the service, a task is running while its image is pulled, and can be ended meanwhile."""
    bench = bench_of(runner=ScriptedRunner(lambda _: Outcome(seconds=10)))
    bench.pool(slots=2, virtual_machine_configuration=in_containers(bench))
    bench.job()
    bench.emulator.faults.slow_pulls(IMAGE, 60, times=2)
    for task_id in ("slow", "ended"):
        bench.task(task_id=task_id, container_settings=container(bench))
    bench.client.terminate_task("job", "ended")
    bench.advance(seconds=0)
    assert bench.in_state("completed", "ended")
    bench.advance(seconds=65)
    assert bench.in_state("running", "slow")
    bench.advance(seconds=5)
    assert bench.in_state("completed", "slow")
    bench.task(task_id="quick", container_settings=container(bench))
    bench.advance(seconds=10)
    assert bench.in_state("completed", "quick")


def test_node_whose_image_takes_its_time_is_idle_late(scripted: Bench) -> None:
    """Until then, it is starting."""
    scripted.emulator.faults.slow_pulls(IMAGE, 60, by="node", times=1)
    scripted.pool(nodes=2, virtual_machine_configuration=in_containers(scripted, IMAGE))
    scripted.advance(seconds=0)
    assert states(scripted) == ["starting", "idle"]
    scripted.advance(minutes=1)
    assert states(scripted) == ["idle", "idle"]


def test_quotas_change_at_run_time(bench: Bench, refusal: Callable[..., Any]) -> None:
    """A lowered quota refuses new requests but removes nothing, and lifting it admits them."""
    quotas = bench.emulator.quotas
    assert quotas.change(active_jobs=1, pools=1, cores=4)["low_priority_cores"] is None
    bench.pool(nodes=2)
    bench.job()
    refusal(lambda: bench.job("more"), status=409, code="ActiveJobAndScheduleQuotaReached")
    refusal(lambda: bench.pool("more"), status=409, code="PoolQuotaReached")
    bench.advance(seconds=0)
    assert bench.resize_errors() == ["AccountCoreQuotaReached"]
    quotas.change(active_jobs=2, pools=2, cores=None)
    bench.job("more")
    bench.pool("more", nodes=2)
    assert len(bench.nodes("more")) == 2


@pytest.mark.parametrize(
    ("action", "named"),
    [
        pytest.param(lambda emulator: emulator.faults.throttle(status=418), "status", id="status"),
        pytest.param(
            lambda emulator: emulator.faults.throttle(operation="no_such"), "operation", id="operation"
        ),
        pytest.param(lambda emulator: emulator.faults.drop(when="never"), "when", id="when"),
        pytest.param(lambda emulator: emulator.faults.drop(times=0), "times", id="times"),
        pytest.param(lambda emulator: emulator.faults.fail_pulls(IMAGE, by="pool"), "by", id="by"),
        pytest.param(lambda emulator: emulator.quotas.change(nodes=3), "nodes", id="quota"),
        pytest.param(lambda emulator: emulator.quotas.change(pools=None), "pools", id="no-quota"),
    ],
)
def test_faults_that_make_no_sense_are_refused(bench: Bench, action: Any, named: str) -> None:
    """A fault that could never happen is refused when injected, naming the argument."""
    with pytest.raises(ApiError) as caught:
        action(bench.emulator)
    assert ("PropertyName", named) in caught.value.values
    assert bench.emulator.faults.pending() == []
