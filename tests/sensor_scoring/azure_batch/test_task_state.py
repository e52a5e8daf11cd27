"""Reading a Batch task as the service describes it."""

from __future__ import annotations

import json

import pytest

from sensor_scoring.azure_batch.task_state import BatchTaskOutcome, exit_sentence


def described(**execution) -> BatchTaskOutcome:
    """Return the outcome of a completed task."""
    return BatchTaskOutcome.of({"id": "t", "state": "Completed", "executionInfo": execution})


def test_only_a_named_success_is_one() -> None:
    """A task without a result has not succeeded; values are compared case-insensitively."""
    assert described(result="Success", exitCode=0).is_success
    assert not described(exitCode=0).is_success
    assert not described(result="failure", exitCode=0).is_success
    assert not BatchTaskOutcome.of({"id": "t", "state": "running", "executionInfo": None}).is_ended


@pytest.mark.parametrize(
    ("execution", "sentence"),
    [
        pytest.param({"result": "failure", "exitCode": 137}, "its process was killed by SIGKILL", id="kill"),
        pytest.param({"result": "failure", "exitCode": -15}, "its process was killed by SIGTERM", id="term"),
        pytest.param({"result": "failure", "exitCode": 3}, "its process ended with exit code 3", id="code"),
        pytest.param(
            {"result": "failure", "exitCode": 0, "failureInfo": {"code": "FileUploadMiscError"}},
            "FileUploadMiscError",
            id="upload",
        ),
        pytest.param(
            {"result": "failure", "failureInfo": {"code": "TaskEnded", "message": "by the user"}},
            "TaskEnded: by the user",
            id="ended",
        ),
        pytest.param({}, "it ended with result unknown", id="nothing-said"),
    ],
)
def test_the_end_is_said_in_one_sentence(execution, sentence) -> None:
    """People read a reason, not a number."""
    assert described(**execution).describe() == sentence


def test_an_outcome_travels_in_an_event() -> None:
    """Events contain only JSON, and nothing is lost."""
    outcome = described(result="failure", exitCode=5, failureInfo={"code": "FailureExitCode"})
    assert BatchTaskOutcome.from_event(json.loads(json.dumps(outcome.to_event()))) == outcome


def test_codes_above_128_that_are_no_signal_stay_numbers() -> None:
    """Not every large code is a signal."""
    assert exit_sentence(255) == "ended with exit code 255"
