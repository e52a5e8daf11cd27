"""State that a task instance carries from try to try, within one clear.

Kept in Airflow's task state store, which survives retries, clears and reprocessing: so "it succeeded once" is
never remembered, and whatever an earlier epoch wrote is forgotten.

Each look into the store and each note is a call of Airflow's Execution API, so a first try, which is the only
one of nearly all instances, makes neither until it has something to say: a failure, or another Batch job.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sensor_scoring.azure_batch import ids

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
    former_job_id: str | None = ""
    """Job before this clear; its live Batch tasks are obsolete. None if there may be one, not noted."""

    @classmethod
    def of(cls, context: Context, job_id: str) -> EpochMemory:
        """Read it; an entry of another epoch is forgotten: it speaks of work asked for before.

        :param job_id: the Batch job, should this epoch not have one yet
        """
        ti = context["ti"]
        is_first = ti.try_number == 1
        # A job that somebody else named cannot be found again by the run's name.
        if is_first and ids.generation_of(job_id) is not None:
            return cls(context, ti.max_tries, job_id, [])
        stored: Any = context["task_state_store"].get(_STORE_KEY) or {}
        if stored.get("epoch") == ti.max_tries:
            return cls(context, ti.max_tries, str(stored["job"]), [str(task) for task in stored["reported"]])
        memory = cls(context, ti.max_tries, job_id, [], former_job_id="" if is_first else stored.get("job"))
        memory.write()
        return memory

    def move_to(self, job_id: str) -> None:
        """Go on in another Batch job: the one before has ended."""
        self.job_id = job_id
        self.write()

    def report(self, batch_task_id: str) -> None:
        """Note that the failure of a Batch task has been raised once."""
        self.reported.append(batch_task_id)
        self.write()

    def write(self) -> None:
        """Keep it for the next try."""
        self.context["task_state_store"].set(
            _STORE_KEY, {"epoch": self.epoch, "job": self.job_id, "reported": list(self.reported)}
        )
