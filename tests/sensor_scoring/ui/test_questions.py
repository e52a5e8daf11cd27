"""Questions that stay without an answer."""

from __future__ import annotations

from typing import NoReturn

import pytest
from airflow.sdk.exceptions import AirflowNotFoundException

from scoring_contract.errors import MessageError
from sensor_scoring.errors import BatchAccessRefused, BatchError, BatchUnreachable, StorageUnreachable
from sensor_scoring.ui.questions import Questions, Unknown


class Service:
    """Raises, and counts how often it was asked."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.asked = 0

    def ask(self) -> NoReturn:
        """Be asked."""
        self.asked += 1
        raise self.error


def test_an_answer_is_an_answer() -> None:
    """Nothing is unknown then."""
    questions = Questions()
    assert questions.ask("number", lambda: 3) == 3
    assert questions.unknown == []


@pytest.mark.parametrize(
    "error",
    [
        BatchUnreachable("it does not answer"),
        BatchAccessRefused("it refuses"),
        StorageUnreachable("it does not answer"),
        AirflowNotFoundException("no such connection"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_service_that_is_silent_is_not_asked_again(error: Exception) -> None:
    """Each question would take as long as the first; all have the same reason."""
    questions, service = Questions(), Service(error)
    assert questions.ask("jobs", service.ask) is None
    assert questions.ask("pool", service.ask) is None
    assert service.asked == 1
    assert questions.unknown == [Unknown("jobs", str(error)), Unknown("pool", str(error))]


@pytest.mark.parametrize("error", [BatchError("busy"), MessageError("plan", "hour", "is wrong")])
def test_one_question_that_fails_leaves_the_others(error: Exception) -> None:
    """The service answers, just not this."""
    questions, service = Questions(), Service(error)
    assert questions.ask("jobs", service.ask) is None
    assert questions.ask("number", lambda: 3) == 3
    assert questions.unknown == [Unknown("jobs", str(error))]


def test_a_mistake_of_ours_is_none_of_the_services() -> None:
    """It must be seen."""
    with pytest.raises(KeyError):
        Questions().ask("jobs", Service(KeyError("x")).ask)
