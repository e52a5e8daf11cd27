"""Nodes through the real SDK: rebooted, prepared by a start task, lost."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.batch_emulator.bench import Bench


def test_rebooted_node_gives_its_task_back(bench_of: Callable[..., Bench]) -> None:
    """A reboot requeues what runs, without counting it as a retry, and runs it again afterwards."""
    bench = bench_of(boot=timedelta(minutes=2))
    bench.pool()
    bench.job()
    bench.advance(minutes=2)
    bench.task(bench.sh("echo up; exec sleep 60"))
    bench.running()
    (node,) = bench.nodes()
    poller = bench.reboot(node.id)
    assert bench.client.get_node("pool", node.id).state == "rebooting"
    task = bench.until(lambda: bench.in_state("active"))
    assert (task.execution_info.retry_count, task.execution_info.requeue_count) == (0, 0)
    bench.advance(minutes=1)
    assert bench.client.get_node("pool", node.id).state == "starting"
    poller.wait(120)
    bench.advance(minutes=1)
    bench.running()
    assert bench.client.get_node("pool", node.id).last_boot_time > node.last_boot_time


def test_booting_node_cannot_be_rebooted(bench_of: Callable[..., Bench], refusal: Callable[..., Any]) -> None:
    """A node that is being created refuses a reboot with that code."""
    bench = bench_of(boot=timedelta(minutes=2))
    bench.pool()
    (node,) = bench.nodes()
    refusal(
        lambda: bench.reboot(node.id),
        status=409,
        code="NodeBeingCreated",
    )


def test_start_task_runs_before_the_first_task(bench: Bench, tmp_path: Any) -> None:
    """A node waits for its start task, whose files in the shared folder tasks can read."""
    gate = tmp_path / "gate"
    script = f"until [ -e {gate} ]; do sleep 0.02; done; echo made > $AZ_BATCH_NODE_SHARED_DIR/file"
    bench.pool(start_task=bench.models.BatchStartTask(command_line=bench.sh(script)))
    bench.job()
    bench.task(bench.sh("cat $AZ_BATCH_NODE_SHARED_DIR/file"))
    assert bench.nodes()[0].state == "waitingforstarttask"
    assert bench.in_state("active")
    gate.touch()
    bench.ended()
    assert bench.output() == "made\n"
    info = bench.nodes()[0].start_task_info
    assert (info.state, info.exit_code, info.result) == ("completed", 0, "success")


def test_failed_start_task_keeps_tasks_away(bench: Bench) -> None:
    """After its retries a failing start task leaves the node unusable, with that state."""
    start = bench.models.BatchStartTask(command_line=bench.sh("exit 9"), max_task_retry_count=1)
    bench.pool(start_task=start)
    node = bench.until(lambda: (n := bench.nodes()[0]).state == "starttaskfailed" and n)
    assert (node.start_task_info.exit_code, node.start_task_info.retry_count) == (9, 1)
    assert len(list(bench.client.list_nodes("pool", filter="startTaskInfo/result eq 'failure'"))) == 1


def test_node_remembers_recent_tasks(bench: Bench) -> None:
    """A node lists what it ran last, newest first."""
    bench.pool()
    bench.job()
    for task_id in ("one", "two"):
        bench.run("/bin/true", task_id)
    (node,) = bench.nodes()
    assert [recent.task_id for recent in node.recent_tasks] == ["two", "one"]
    assert (node.total_tasks_run, node.total_tasks_succeeded, node.is_dedicated) == (2, 2, True)


def test_nodes_can_be_filtered_by_state(bench: Bench) -> None:
    """The node list answers the filter a watchdog uses."""
    bench.pool(nodes=2)
    bench.job()
    bench.task("/bin/sleep 60")
    assert len(list(bench.client.list_nodes("pool", filter="state eq 'running'"))) == 1
    assert len(list(bench.client.list_nodes("pool", filter="state eq 'idle'", select=["id"]))) == 1
