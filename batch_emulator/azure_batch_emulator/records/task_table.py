"""The tasks of one job, found by id, by id prefix, by state or in order, without looking at all.

Order is that of creation. Every index costs one dictionary entry per task; a job of fifty
thousand tasks is never walked to answer "which tasks are completed" or "what is ready".
"""

from __future__ import annotations

from bisect import bisect_left, insort
from heapq import heappop, heappush
from itertools import islice
from typing import TYPE_CHECKING

from azure_batch_emulator.records.changes import Changes
from azure_batch_emulator.records.states import TaskState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from azure_batch_emulator.records.tasks import Task

_LAST_CHARACTER = "\U0010ffff"
_WORTH_SORTING = 8
"""An index is sorted rather than everything walked when it holds less than one task in so many."""


class ReadyQueue:
    """Tasks that only wait for a node, oldest first, apart by the slots or the nodes they need."""

    def __init__(self) -> None:
        self._waiting: dict[int, Task] = {}
        self._heaps: dict[int, list[int]] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, task: Task) -> None:
        """Let a task wait for a node."""
        if task.number not in self._waiting:
            self._waiting[task.number] = task
            heappush(self._heaps.setdefault(_size(task), []), task.number)

    def discard(self, task: Task) -> None:
        """Let a task wait no longer; its place in the heap is skipped later."""
        self._waiting.pop(task.number, None)

    def oldest(self, *, slots: int, nodes: int = 0) -> Task | None:
        """Find the oldest task that needs no more than ``slots`` of a node, or no more than ``nodes``."""
        fronts = [self._front(size) for size in self._heaps if -nodes <= size <= slots]
        numbers = [number for number in fronts if number is not None]
        return self._waiting[min(numbers)] if numbers else None

    def _front(self, size: int) -> int | None:
        heap = self._heaps[size]
        while heap and heap[0] not in self._waiting:
            heappop(heap)
        return heap[0] if heap else None


def _size(task: Task) -> int:
    """Tell the slots a task needs, or the nodes as a number below 0."""
    return -task.instances or task.slots


class TaskTable:
    """All tasks of a job with the indexes the service needs."""

    def __init__(self, changes: Changes | None = None) -> None:
        self._changes = Changes() if changes is None else changes
        self.ready = ReadyQueue()
        self.failed = 0
        self.slots: dict[TaskState, int] = dict.fromkeys(TaskState, 0)
        self.failed_slots = 0
        self._order: list[Task | None] = []
        self._by_key: dict[str, Task] = {}
        self._keys: list[str] = []
        self._by_state: dict[TaskState, dict[int, Task]] = {state: {} for state in TaskState}

    def __len__(self) -> int:
        return len(self._by_key)

    @property
    def next_number(self) -> int:
        """Tell the number the next task gets."""
        return len(self._order)

    def get(self, task_id: str) -> Task | None:
        """Find a task by its id, whatever its case."""
        return self._by_key.get(task_id.lower())

    def count(self, state: TaskState) -> int:
        """Tell how many tasks are in a state."""
        return len(self._by_state[state])

    def add(self, task: Task) -> None:
        """Put a task into the table; its number must be ``next_number``."""
        key = task.key
        self._order.append(task)
        self._by_key[key] = task
        insort(self._keys, key)
        self._by_state[task.state][task.number] = task
        self.slots[task.state] += task.slots
        self._tally(task, 1)
        self.note(task)

    def skip_to(self, number: int) -> None:
        """Leave out the numbers of tasks that were removed before this table was filled."""
        self._order.extend([None] * (number - len(self._order)))

    def note(self, task: Task) -> None:
        """Note a change that is no move."""
        self._changes.note(task)

    def remove(self, task: Task) -> None:
        """Take a task out of the table for good."""
        key = task.key
        self._order[task.number] = None
        del self._by_key[key]
        del self._keys[bisect_left(self._keys, key)]
        del self._by_state[task.state][task.number]
        self.slots[task.state] -= task.slots
        self.ready.discard(task)
        self._tally(task, -1)
        self._changes.drop(task)

    def move(self, task: Task, event: str, *, now: datetime, etag: int) -> None:
        """Change a task's state and keep the indexes true.

        A task that becomes completed must carry its result already.

        :raises IllegalMove: if its present state does not answer to ``event``
        """
        before = task.state
        task.move(event, now=now, etag=etag)
        del self._by_state[before][task.number]
        self._by_state[task.state][task.number] = task
        self.slots[before] -= task.slots
        self.slots[task.state] += task.slots
        if task.state is not TaskState.ACTIVE:
            self.ready.discard(task)
        if task.state is TaskState.COMPLETED:
            self._tally(task, 1)
        self.note(task)

    def reopen(self, task: Task, *, now: datetime, etag: int) -> None:
        """Make a completed task active again, with nothing left of its outcome."""
        self._tally(task, -1)
        task.execution.forget_outcome()
        self.move(task, "reactivate", now=now, etag=etag)

    def in_state(self, state: TaskState) -> Iterable[Task]:
        """List the tasks in a state; a copy, so that they may be moved meanwhile."""
        return list(self._by_state[state].values())

    def walk(
        self, start: int, *, state: TaskState | None = None, prefix: str | None = None
    ) -> Iterator[Task]:
        """Walk tasks in order from a number on, over the smallest index that holds them all.

        :param state: only tasks of this state are wanted (others may still come)
        :param prefix: only tasks whose id starts so are wanted
        """
        if prefix is not None:
            return self._sorted(self._starting_with(prefix.lower()), start)
        if state is not None and self.count(state) * _WORTH_SORTING < len(self._order):
            return self._sorted(self._by_state[state].values(), start)
        return (task for task in islice(self._order, start, None) if task is not None)

    def _starting_with(self, prefix: str) -> Iterator[Task]:
        first = bisect_left(self._keys, prefix)
        last = bisect_left(self._keys, prefix + _LAST_CHARACTER)
        return (self._by_key[key] for key in self._keys[first:last])

    @staticmethod
    def _sorted(tasks: Iterable[Task], start: int) -> Iterator[Task]:
        return iter(sorted((task for task in tasks if task.number >= start), key=lambda task: task.number))

    def _tally(self, task: Task, by: int) -> None:
        if task.state is TaskState.COMPLETED and not task.succeeded:
            self.failed += by
            self.failed_slots += by * task.slots
