"""The operator's next move, given the attempts it finds in the Batch job. A decision table without a client.

An *epoch* is one request to do the work (the first, or a clear); an *attempt* is one Batch task made for it.
A retry inside an epoch adopts what the try before left behind; a clear starts the next epoch and forgets.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from sensor_scoring.azure_batch.ids import AttemptId

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from sensor_scoring.azure_batch.task_state import BatchTaskOutcome


class Move(Enum):
    """The next step."""

    CREATE = "create"
    """Add a new Batch task."""
    ATTACH = "attach"
    """Wait for one that is queued or running."""
    JUDGE = "judge"
    """It has ended and no try has reported it: adopt its success, or raise its failure."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The next step, and for which Batch task."""

    move: Move
    batch_task_id: str
    outcome: BatchTaskOutcome | None = None
    """Its state in Azure Batch; None for a new one."""


def decide(found: Iterable[BatchTaskOutcome], *, key: str, epoch: int, reported: Collection[str]) -> Decision:
    """Choose the next step for a group.

    :param found: the Batch tasks of the group that the job holds, of any epoch
    :param key: the group's key
    :param epoch: the epoch of this try
    :param reported: ids whose failure an earlier try of this epoch has already raised
    """
    newest = _newest(found, key=key, epoch=epoch)
    if newest is None:
        return Decision(Move.CREATE, str(AttemptId(key, epoch, 0)))
    attempt, outcome = newest
    if not outcome.is_ended:
        return Decision(Move.ATTACH, outcome.batch_task_id, outcome)
    if outcome.batch_task_id not in reported:
        return Decision(Move.JUDGE, outcome.batch_task_id, outcome)
    return Decision(Move.CREATE, str(AttemptId(key, epoch, attempt + 1)))


def superseded(found: Iterable[BatchTaskOutcome], *, key: str, epoch: int | None) -> list[str]:
    """Name the live Batch tasks of other epochs; a clear has replaced them, and they must not run on.

    :param epoch: the epoch that goes on here; None if none does, because it goes on in another job
    """
    ours = ((AttemptId.parse(outcome.batch_task_id), outcome) for outcome in found)
    return [
        outcome.batch_task_id
        for name, outcome in ours
        if name is not None and name.key == key and name.epoch != epoch and not outcome.is_ended
    ]


def _newest(
    found: Iterable[BatchTaskOutcome], *, key: str, epoch: int
) -> tuple[int, BatchTaskOutcome] | None:
    named = ((AttemptId.parse(outcome.batch_task_id), outcome) for outcome in found)
    attempts = [
        (name.attempt, outcome)
        for name, outcome in named
        if name is not None and name.key == key and name.epoch == epoch
    ]
    return max(attempts, key=lambda pair: pair[0], default=None)
