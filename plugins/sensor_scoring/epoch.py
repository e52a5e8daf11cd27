"""What a task instance remembers from one try to the next, within one request for its work.

Kept in Airflow's task state store, which survives retries, clears and reprocessing: so "it succeeded once" is
never remembered, and whatever an earlier epoch wrote is forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.sdk import Context

_STORE_KEY = "batch"


@dataclass(slots=True)
class EpochMemory:
    """One epoch of a task instance."""

    context: Context
    epoch: int
    job_id: str
    reported: list[str]
    """Batch tasks whose failure has been raised already."""
    former_job_id: str = ""
    """Job of the epoch before; its live Batch tasks are nobody's any more."""

    @classmethod
    def of(cls, context: Context, job_id: str) -> EpochMemory:
        """Read it; an entry of another epoch is forgotten: it speaks of work asked for before.

        :param job_id: the Batch job, should this epoch not have one yet
        """
        epoch = context["ti"].max_tries
        stored: Any = context["task_state_store"].get(_STORE_KEY) or {}
        if stored.get("epoch") == epoch:
            return cls(context, epoch, str(stored["job"]), [str(task) for task in stored["reported"]])
        memory = cls(context, epoch, job_id, [], former_job_id=str(stored.get("job") or ""))
        memory.write()
        return memory

    def move_to(self, job_id: str) -> None:
        """Go on in another Batch job: the one before has ended."""
        self.job_id = job_id
        self.write()

    def report(self, task_id: str) -> None:
        """Note that the failure of a Batch task has been raised once."""
        self.reported.append(task_id)
        self.write()

    def write(self) -> None:
        """Keep it for the next try."""
        self.context["task_state_store"].set(
            _STORE_KEY, {"epoch": self.epoch, "job": self.job_id, "reported": list(self.reported)}
        )
