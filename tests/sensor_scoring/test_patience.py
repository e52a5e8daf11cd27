"""How long a busy service is retried: the arithmetic, and the real client."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from sensor_scoring.azure_batch.hook import ScoringBatchHook
from sensor_scoring.azure_batch.operators import AzureBatchTaskOperator
from sensor_scoring.azure_batch.submission import Submission
from sensor_scoring.azure_batch.trigger import BatchTaskTrigger
from sensor_scoring.errors import BatchError, BatchUnreachable
from sensor_scoring.patience import OUTAGE_SECONDS, Patience

if TYPE_CHECKING:
    from tests.sensor_scoring.conftest import Account

BATCH_CONN = "batch_for_tests"
BASE = "scoring-20180829T02-0123456789"


def test_a_step_is_as_patient_as_those_who_wait() -> None:
    """A quarter of an hour, with pauses that grow to half a minute."""
    pauses = list(Patience().pauses())
    assert pauses[:7] == [1, 2, 4, 8, 16, 30, 30]
    assert OUTAGE_SECONDS <= sum(pauses) < OUTAGE_SECONDS + 30
    assert Patience().client_options()["retry_total"] == len(pauses) + 1
    waits = BatchTaskTrigger(
        job_id="j", batch_task_id="t", azure_batch_conn_id="c", poll_seconds=1.0, deferred_at=0.0
    )
    assert waits.outage_limit_seconds == OUTAGE_SECONDS
    operator = AzureBatchTaskOperator(task_id="score", item="1_4", job_id="j", command="true")
    assert operator.hook._patience == Patience()


@pytest.mark.parametrize("status", [429, 503])
def test_a_job_is_opened_when_the_service_has_time_again(account: Account, status: int) -> None:
    """Every request is refused far more often than the SDK itself would retry."""
    account.pool()
    account.emulator.faults.throttle(status=status, times=15, retry_after=0)
    hook = ScoringBatchHook(BATCH_CONN, patience=Patience(seconds=1, first_pause=0.01, longest_pause=0.05))
    assert hook.jobs.open(BASE, generation=2, pool_id="pool") == f"{BASE}-g2"


def test_patience_ends(account: Account) -> None:
    """Then the step fails with the service's error, and is retried like any other."""
    account.pool()
    account.emulator.faults.throttle(status=503, times=None, retry_after=0)
    hook = ScoringBatchHook(BATCH_CONN, patience=Patience(seconds=0.2, first_pause=0.01, longest_pause=0.05))
    with pytest.raises(BatchError, match="ServerBusy"):
        hook.jobs.open(BASE, generation=2, pool_id="pool")


class Busy:
    """A service that is too busy to accept tasks."""

    def create_task_collection(self, _job: str, group: Any) -> dict[str, Any]:
        """Report the server as busy for each task."""
        return {"value": [{"taskId": task["id"], "status": "servererror"} for task in group["value"]]}


def test_tasks_that_were_not_taken_are_worth_another_try() -> None:
    """Being busy is not a refusal, and only refused tasks are never sent again."""
    slept: list[float] = []
    client: Any = Busy()
    submission = Submission(client, "job", sleep=slept.append)
    with pytest.raises(BatchUnreachable, match=r"2 of 2 tasks were not taken in 900 s, first a, b"):
        submission.send([{"id": "a"}, {"id": "b"}])
    assert slept == list(Patience().pauses())
    assert all(before <= after for before, after in itertools.pairwise(slept))
