"""A task instance across its tries, for tests of operators without Airflow."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Try:
    """One task instance across its tries: the part of Airflow's context that operators read."""

    max_tries: int = 2
    try_number: int = 0
    dag_id: str = "dag"
    task_id: str = "score"
    run_id: str = "run"
    pushed: dict[str, Any] = field(default_factory=dict)
    stored: dict[str, Any] = field(default_factory=dict)
    looks: int = 0

    def begin(self) -> Any:
        """Start the next try; return its context."""
        self.try_number += 1
        return self.context()

    def context(self) -> Any:
        """Return the context of this try."""
        return {"ti": self, "task_state_store": self}

    def clear(self) -> None:
        """Clear the instance, as Airflow does for a user."""
        self.max_tries += 3

    def xcom_push(self, *, key: str, value: Any) -> None:
        """Keep an XCom."""
        self.pushed[key] = value

    def get(self, key: str) -> Any:
        """Read from the task state store."""
        self.looks += 1
        return self.stored.get(key)

    def set(self, key: str, value: Any) -> None:
        """Write to the task state store."""
        self.stored[key] = value
