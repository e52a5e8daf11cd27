"""Errors cross process boundaries, so pickling must keep their facts."""

from __future__ import annotations

import pickle

import pytest

from sensor_scoring import errors


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(errors.SettingsError("no"), id="plain"),
        pytest.param(errors.QuotaReached("no room", code="PoolQuotaReached"), id="with-code"),
        pytest.param(
            errors.BatchTaskInterrupted(
                job_id="j", batch_task_id="t", exit_code=137, reason="killed", code="FailureExitCode"
            ),
            id="with-facts",
        ),
    ],
)
def test_an_error_survives_pickling(error) -> None:
    """Message, class and attributes are the same on the other side."""
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301  our own error
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


def test_a_failed_task_is_one_sentence() -> None:
    """Airflow shows job, task and reason."""
    error = errors.BatchTaskRejected(job_id="j", batch_task_id="t", exit_code=3, reason="no model")
    assert str(error) == "Batch task t of job j failed: no model"
