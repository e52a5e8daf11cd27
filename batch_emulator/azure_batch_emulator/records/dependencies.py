"""Which task waits for which, within one job.

Ids count, and ranges of integer ids. A dependency may name a task that does not exist yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from azure_batch_emulator.records.tasks import Task


def integer_id(task_id: str) -> int | None:
    """Read an id as the integer that ranges compare, leading zeros ignored; None if it is none."""
    return int(task_id) if task_id.isascii() and task_id.isdigit() else None


@dataclass(frozen=True, slots=True)
class Satisfied:
    """Nobody has to wait for a task any more; it stays so when the task is tried again or removed."""

    job_number: int
    number: int
    task_id: str


class Dependents:
    """What is satisfied so far and who waits for the rest."""

    def __init__(self) -> None:
        self._satisfied: set[str] = set()
        self._satisfied_numbers: set[int] = set()
        self._waiting: dict[str, list[Task]] = {}
        self._waiting_numbers: dict[int, list[Task]] = {}

    def enrol(self, task: Task) -> None:
        """Count what a new task waits for and remember to tell it."""
        wanted = task.spec.get("dependsOn") or {}
        for key in {str(task_id).lower() for task_id in wanted.get("taskIds") or ()} - self._satisfied:
            self._waiting.setdefault(key, []).append(task)
            task.unmet += 1
        numbers = {
            number
            for span in wanted.get("taskIdRanges") or ()
            for number in range(span["start"], span["end"] + 1)
        }
        for number in numbers - self._satisfied_numbers:
            self._waiting_numbers.setdefault(number, []).append(task)
            task.unmet += 1

    def recall(self, satisfied: Satisfied) -> None:
        """Take in what was satisfied before anybody was enrolled here."""
        number = integer_id(satisfied.task_id)
        self._satisfied.add(satisfied.task_id.lower())
        if number is not None:
            self._satisfied_numbers.add(number)

    def satisfy(self, task: Task) -> Iterable[Task]:
        """Note that whoever waits for ``task`` need not any more; list those that are free now."""
        freed = []
        number = integer_id(task.id)
        waiting = self._waiting.pop(task.key, []) if task.key not in self._satisfied else []
        self._satisfied.add(task.key)
        if number is not None:
            self._satisfied_numbers.add(number)
            waiting += self._waiting_numbers.pop(number, [])
        for dependent in waiting:
            dependent.unmet -= 1
            if dependent.unmet == 0:
                freed.append(dependent)
        return freed
