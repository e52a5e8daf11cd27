"""Why a step failed: the first line in its log, and the note for the alert."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from sensor_scoring.azure_batch.failure_note import failure_noted
from sensor_scoring.errors import BatchTaskRejected, BatchUnreachable, RegistryMissing


@dataclass
class ATry:
    """The part of a task instance that a note needs."""

    task_id: str = "plan"
    pushed: dict[str, Any] = field(default_factory=dict)

    def xcom_push(self, *, key: str, value: Any) -> None:
        """Keep an XCom."""
        self.pushed[key] = value


class Mute(ATry):
    """A task instance whose api-server does not answer."""

    def xcom_push(self, *, key: str, value: Any) -> None:
        """Fail."""
        raise ConnectionError(key, value)


REJECTED = BatchTaskRejected(job_id="j", batch_task_id="t", exit_code=3, reason="the model is another one")


@pytest.mark.parametrize(
    ("error", "item", "said"),
    [
        pytest.param(RegistryMissing("there\nis none"), "", "plan failed: there is none", id="ours"),
        pytest.param(KeyError("x"), "", "plan failed: KeyError: 'x'", id="a-bug"),
        pytest.param(REJECTED, "1_2", "1_2 failed: the model is another one", id="a-sensor"),
        pytest.param(BatchUnreachable("no answer"), "1_2", "1_2 failed: no answer", id="an-outage"),
    ],
)
def test_the_reason_is_one_line_before_the_traceback_and_a_note(error, item, said, caplog) -> None:
    """For a sensor it is the cause alone; Batch ids are in the traceback."""
    tried = ATry()
    with pytest.raises(type(error)), failure_noted(tried, item=item):
        raise error
    assert [record.getMessage() for record in caplog.records] == [said]
    assert tried.pushed == {"failure": {"item": item or "plan", "reason": said.partition(": ")[2]}}


def test_a_reason_is_short(caplog) -> None:
    """A service may quote a whole page."""
    tried = ATry()
    with pytest.raises(BatchUnreachable), failure_noted(tried):
        raise BatchUnreachable("x" * 100_000)
    assert len(caplog.messages[0]) < 1100


def test_a_note_that_cannot_be_left_hides_no_failure(caplog) -> None:
    """The log has both."""
    with pytest.raises(RegistryMissing), failure_noted(Mute()):
        raise RegistryMissing("no registry")
    assert caplog.messages == ["plan failed: no registry", "Why plan failed could not be noted"]
