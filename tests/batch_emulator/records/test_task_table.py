"""The table of tasks: whatever happens, its indexes agree with a plain list."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azure_batch_emulator.errors import IllegalMove
from azure_batch_emulator.records.states import TASK_MOVES, TaskState
from azure_batch_emulator.records.task_table import TaskTable
from azure_batch_emulator.records.tasks import Result, Task

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def a_task(number: int, *, slots: int = 1) -> Task:
    """Make a task that waits."""
    return Task(
        id=f"T{number % 3}-{number}",
        number=number,
        spec={},
        slots=slots,
        created=NOW,
        modified=NOW,
        etag=1,
        state=TaskState.ACTIVE,
        state_since=NOW,
    )


def act(table: TaskTable, task: Task, action: str) -> None:
    """Do one thing to a task, if its state allows it."""
    if action == "remove":
        table.remove(task)
    elif action == "reactivate" and task.state is TaskState.COMPLETED:
        table.reopen(task, now=NOW, etag=1)
        table.ready.add(task)
    elif action in TASK_MOVES[task.state] and action != "reactivate":
        if action == "end":
            task.execution.result = Result.SUCCESS if task.number % 2 else Result.FAILURE
        table.move(task, action, now=NOW, etag=1)
        if action == "again":
            table.ready.add(task)


ACTIONS = st.lists(
    st.tuples(st.integers(0, 11), st.sampled_from(["assign", "end", "again", "reactivate", "remove"])),
    max_size=60,
)


@given(ACTIONS, st.integers(1, 4))
def test_indexes_agree_with_a_plain_list(actions: list[tuple[int, str]], widest: int) -> None:
    """Counts, walks, prefixes and the ready queue equal those from a scan of all tasks."""
    table = TaskTable()
    plain: dict[int, Task] = {}
    for number in range(12):
        task = plain[number] = a_task(number, slots=1 + number % 4)
        table.add(task)
        table.ready.add(task)
    for number, action in actions:
        if number in plain:
            act(table, plain[number], action)
            if action == "remove":
                del plain[number]

    def numbers(tasks: Any) -> list[int]:
        return [task.number for task in tasks]

    assert len(table) == len(plain)
    assert numbers(table.walk(0)) == list(plain)
    assert numbers(table.walk(5)) == [number for number in plain if number >= 5]
    assert numbers(table.walk(0, prefix="t1-")) == [n for n, t in plain.items() if t.id.startswith("T1-")]
    for state in TaskState:
        inside = [task for task in plain.values() if task.state is state]
        assert table.count(state) == len(inside)
        assert table.slots[state] == sum(task.slots for task in inside)
        assert set(numbers(inside)) <= set(numbers(table.walk(0, state=state)))
    failed = [t for t in plain.values() if t.state is TaskState.COMPLETED and not t.succeeded]
    assert (table.failed, table.failed_slots) == (len(failed), sum(task.slots for task in failed))
    fitting = [t.number for t in plain.values() if t.state is TaskState.ACTIVE and t.slots <= widest]
    oldest = table.ready.oldest(slots=widest)
    assert (oldest and oldest.number) == (min(fitting) if fitting else None)


def test_illegal_move_changes_nothing() -> None:
    """An illegal transition raises and leaves the task as it was."""
    task = a_task(0)
    with pytest.raises(IllegalMove, match="'active' answers to 'again'"):
        task.move("again", now=NOW, etag=2)
    assert (task.state, task.etag) == (TaskState.ACTIVE, 1)
