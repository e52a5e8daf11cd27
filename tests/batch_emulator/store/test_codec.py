"""Records to JSON and back: every field of every record, except derived ones."""

from __future__ import annotations

import dataclasses
import json
from collections import deque
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from azure_batch_emulator.autoscale import Formula
from azure_batch_emulator.records import jobs, nodes, pools, states, tasks
from azure_batch_emulator.records.dependencies import Satisfied
from azure_batch_emulator.records.preparations import Preparation, PreparationState
from azure_batch_emulator.records.samples import Sample
from azure_batch_emulator.records.schedules import Schedule
from azure_batch_emulator.store import codec

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 3, 4, 10, 0, 0, 123456, tzinfo=UTC)
SPEC = {"constraints": {"maxTaskRetryCount": 3}, "metadata": [{"name": "ä", "value": "\ud800"}]}
ERROR = pools.ResizeError("Code", "message", (("name", "value"), ("other", "")))
FAILURE = tasks.Failure(tasks.ErrorCategory.USER, "Code", "message", (("name", "value"),))
RECORDS: list[Any] = [
    pools.Pool(
        id="Pool",
        number=1,
        spec=SPEC,
        slots_per_node=4,
        created=NOW,
        modified=NOW,
        etag=9,
        state_since=NOW,
        allocation_since=NOW,
        state=states.PoolState.DELETING,
        allocation=states.AllocationState.STOPPING,
        targets=pools.Targets(3, 4),
        resize_timeout=timedelta(minutes=15, microseconds=1),
        resize_deadline=NOW,
        resize_count=7,
        resize_errors=(ERROR, ERROR),
        auto_scale=pools.AutoScale(
            "$TargetDedicatedNodes = 1;",
            Formula.parse("$TargetDedicatedNodes = 1;"),
            timedelta(minutes=5),
            NOW,
            pools.AutoScaleRun(NOW, "results", ERROR),
        ),
        last_enable=NOW,
        nodes_made=12,
    ),
    nodes.Node(
        id="tvm",
        is_dedicated=False,
        slots=4,
        address="10.0.0.4",
        allocated=NOW,
        state_since=NOW,
        state=states.NodeState.RUNNING,
        accepts_tasks=False,
        booted=NOW,
        tasks_run=5,
        tasks_succeeded=4,
        recent=deque([nodes.RecentTask("job", "task")], nodes.RECENT_TASKS),
        pool_number=1,
        number=12,
        errors=(nodes.NodeError("Code", "message", (("name", "value"),)),),
        users=(nodes.NodeUser("ops", NOW, is_admin=True),),
        returns=NOW,
    ),
    jobs.Job(
        id="Job",
        number=2,
        spec=SPEC,
        created=NOW,
        modified=NOW,
        etag=10,
        state_since=NOW,
        state=states.JobState.DISABLED,
        previous_state=states.JobState.DISABLING,
        previous_since=NOW,
        ended=NOW,
        terminate_reason="reason",
        schedule="hourly",
        auto_pool="nightly_1",
        waits_for_running=True,
    ),
    tasks.Task(
        id="Task",
        number=3,
        spec=SPEC,
        slots=2,
        created=NOW,
        modified=NOW,
        etag=11,
        state=states.TaskState.COMPLETED,
        state_since=NOW,
        previous_state=states.TaskState.RUNNING,
        previous_since=NOW,
        execution=tasks.Execution(
            started=NOW,
            ended=NOW,
            exit_code=3,
            failure=FAILURE,
            result=tasks.Result.FAILURE,
            image="image",
            retries=1,
            last_retry=NOW,
            requeues=2,
            last_requeue=NOW,
        ),
        node_info=tasks.NodeInfo("pool", "node", "workitems/job"),
        stop=tasks.StopReason.TIMED_OUT,
        files_gone=True,
        job_number=2,
        subtasks=(
            tasks.Subtask(
                1,
                tasks.NodeInfo("pool", "other", "workitems/job/1"),
                NOW,
                tasks.SubtaskState.COMPLETED,
                tasks.SubtaskState.RUNNING,
                NOW,
                tasks.Execution(exit_code=0),
            ),
        ),
    ),
    Preparation(
        2,
        5,
        "pool",
        "node",
        PreparationState.READY,
        tasks.Execution(exit_code=0),
        tasks.Execution(exit_code=1),
    ),
    Schedule(
        id="Hourly",
        number=4,
        spec=SPEC,
        created=NOW,
        modified=NOW,
        etag=12,
        state_since=NOW,
        state=states.ScheduleState.DISABLED,
        previous_state=states.ScheduleState.ACTIVE,
        previous_since=NOW,
        due=NOW,
        jobs_made=3,
        recent_job="Hourly:job-3",
        auto_pool="nightly_1",
        ended=NOW,
    ),
    Satisfied(2, 3, "Task"),
    Sample(1, NOW, {"$ActiveTasks": 1.5}),
]


def name_of(record: Any) -> str:
    """Return the kind of a record."""
    return type(record).__name__


def kept_fields(kind: type) -> list[dataclasses.Field[Any]]:
    """List the fields that are not derived."""
    return [field for field in dataclasses.fields(kind) if not field.metadata.get("derived")]


def plain(value: Any) -> Any:
    """Convert a record to plain values for comparison."""
    if dataclasses.is_dataclass(value) and not isinstance(value, Formula):
        return {field.name: plain(getattr(value, field.name)) for field in kept_fields(type(value))}
    return [plain(item) for item in value] if isinstance(value, (tuple, deque)) else value


@pytest.mark.parametrize("record", RECORDS, ids=name_of)
def test_record_comes_back_as_it_was(record: Any) -> None:
    """A record with every field set is the same after writing and reading JSON."""
    written = json.loads(json.dumps(codec.write(record)))
    assert set(written) == {field.name for field in kept_fields(type(record))}
    again = codec.read(type(record), written)
    assert plain(again) == plain(record)


@pytest.mark.parametrize("record", RECORDS, ids=name_of)
def test_fields_that_are_left_out_are_none(record: Any) -> None:
    """Omitting None loses nothing, because every optional field has it as its default."""
    for field in kept_fields(type(record)):
        if str(field.type).endswith("| None"):
            assert field.default is None, field.name


def test_recent_tasks_stay_few() -> None:
    """A restored node still forgets its older tasks."""
    node = next(record for record in RECORDS if isinstance(record, nodes.Node))
    assert codec.read(nodes.Node, codec.write(node)).recent.maxlen == nodes.RECENT_TASKS


def test_unknown_type_is_refused() -> None:
    """A field of a type that JSON lacks raises instead of being lost silently."""

    @dataclasses.dataclass
    class Odd:
        field: complex

    with pytest.raises(TypeError, match="cannot be kept"):
        codec.write(Odd(1j))


@pytest.mark.parametrize("state", states.NODE_MOVES)
def test_every_node_that_is_up_can_restart(state: states.NodeState) -> None:
    """In whatever state a running node is when the service ends, it can restart; others continue."""
    coming_or_going = {states.NodeState.CREATING, states.NodeState.LEAVING_POOL}
    failed = {states.NodeState.PREEMPTED, states.NodeState.UNKNOWN, states.NodeState.UNUSABLE}
    off = {states.NodeState.DEALLOCATING, states.NodeState.DEALLOCATED}
    assert ("recover" in states.NODE_MOVES[state]) is (state not in coming_or_going | failed | off)


@pytest.mark.parametrize(
    ("kind", "former", "name"),
    [
        (tasks.Task, "place", "node_info"),
        (tasks.Subtask, "place", "node_info"),
        (tasks.Failure, "blame", "category"),
        (Preparation, "standing", "state"),
    ],
)
def test_fields_are_read_by_their_former_names(kind: type[Any], former: str, name: str) -> None:
    """State files of format 1 are read as they are."""
    record = next(each for each in every_record(RECORDS) if isinstance(each, kind))
    written = codec.write(record)
    written[former] = written.pop(name)
    assert plain(codec.read(kind, written)) == plain(record)


def every_record(value: Any) -> Iterator[Any]:
    """Yield records and, below each, the records it contains."""
    if isinstance(value, (list, tuple, deque)):
        for item in value:
            yield from every_record(item)
    elif dataclasses.is_dataclass(value):
        yield value
        yield from every_record([getattr(value, field.name) for field in dataclasses.fields(value)])
