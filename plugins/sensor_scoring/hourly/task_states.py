"""The states of a DAG run's task instances, asked of Airflow once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow.sdk import Context

_BAD = frozenset({"failed", "upstream_failed"})


@dataclass(frozen=True, slots=True)
class TaskStates:
    """State by name; a mapped instance is called ``score_0``, ``score_1`` and so on."""

    by_name: Mapping[str, str]

    @classmethod
    def of(cls, context: Context) -> Self:
        """Ask Airflow for the run of a context."""
        ti = context["ti"]
        found = ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id])
        return cls({name: str(state) for name, state in found.get(ti.run_id, {}).items()})

    def is_success(self, task_id: str) -> bool:
        """Whether a task that is not mapped ended well."""
        return self.by_name.get(task_id) == "success"

    def mapped(self, task_id: str) -> dict[int, str]:
        """Return the states of a mapped task's instances by map index."""
        indexes = ((name.removeprefix(f"{task_id}_"), state) for name, state in self.by_name.items())
        return {int(index): state for index, state in indexes if index.isdigit()}

    def failed_indexes(self, task_id: str) -> list[int]:
        """Return the map indexes that did not end well, in order."""
        return sorted(index for index, state in self.mapped(task_id).items() if state in _BAD)

    def failed_tasks(self) -> list[str]:
        """Name what failed by itself, mapped instances by their own names; not what it kept from running."""
        return sorted(name for name, state in self.by_name.items() if state == "failed")
