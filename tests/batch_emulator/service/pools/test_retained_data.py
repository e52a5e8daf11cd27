"""Nodes removed with ``retaineddata`` leave after their tasks' retention times."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from azure.batch import models

from tests.batch_emulator.bench import WAIT

if TYPE_CHECKING:
    from tests.batch_emulator.bench import Bench


def leave(bench: Bench, *, retention: timedelta, time_out: timedelta = timedelta(hours=3)) -> None:
    """Run a task to its end, and start removing its node."""
    bench.pool()
    bench.job()
    bench.run("/bin/true", constraints=models.BatchTaskConstraints(retention_time=retention))
    options = models.BatchPoolResizeOptions(
        target_dedicated_nodes=0, resize_timeout=time_out, node_deallocation_option="retaineddata"
    )
    bench.client.begin_resize_pool("pool", options, **WAIT)
    bench.advance(seconds=1)


def test_node_waits_for_the_retention_of_its_tasks(bench: Bench) -> None:
    """Until the retention time ends, files can be read and the pool is resizing."""
    leave(bench, retention=timedelta(hours=2))
    assert [node.state for node in bench.nodes()] == ["leavingpool"]
    assert bench.client.get_pool("pool").allocation_state == "resizing"
    assert "stdout.txt" in {file.name for file in bench.files()}
    bench.advance(hours=2)
    assert bench.nodes() == []
    assert bench.client.get_pool("pool").allocation_state == "steady"


@pytest.mark.parametrize("noun", ["task", "job"])
def test_node_goes_when_its_last_data_is_deleted(bench: Bench, noun: str) -> None:
    """Deleted tasks retain nothing."""
    leave(bench, retention=timedelta(hours=2))
    if noun == "task":
        bench.client.delete_task("job", "task")
    else:
        bench.client.begin_delete_job("job", **WAIT).wait(120)
    bench.advance(seconds=1)
    assert bench.nodes() == []


def test_resize_gives_up_before_long_retention(bench: Bench) -> None:
    """With the default of seven days the resize times out, and the node keeps working."""
    leave(bench, retention=timedelta(days=7), time_out=timedelta(minutes=15))
    bench.advance(minutes=15)
    assert [node.state for node in bench.nodes()] == ["idle"]
    assert bench.resize_errors() == ["AllocationTimedOut"]
    assert bench.run("/bin/true", "again").execution_info.exit_code == 0


def test_deletion_of_the_pool_waits_for_no_data(bench: Bench) -> None:
    """Nodes that wait go with their pool."""
    leave(bench, retention=timedelta(days=7))
    bench.client.begin_delete_pool("pool", **WAIT).wait(120)
    bench.advance(seconds=1)
    assert list(bench.client.list_pools()) == []
