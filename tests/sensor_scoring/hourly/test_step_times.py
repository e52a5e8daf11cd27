"""When steps worked, as they leave it for the run's trace."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.sdk.exceptions import TaskDeferred

from sensor_scoring.errors import RunFailed
from sensor_scoring.hourly.step_times import times_of, times_said

START = datetime(2018, 8, 29, 3, 5, tzinfo=UTC)
MOMENT: Any = None
"""A trigger that no one runs."""


@dataclass
class AnInstance:
    """The part of a task instance that is needed."""

    task_id: str = "plan"
    start_date: datetime = START
    pushed: dict[str, Any] = field(default_factory=dict)

    def xcom_push(self, *, key: str, value: Any) -> None:
        """Keep an XCom."""
        self.pushed[key] = value

    def xcom_pull(self, *, task_ids: str, key: str, map_indexes: int) -> Any:
        """Return it."""
        return self.pushed.get(key) if (task_ids, map_indexes) == (self.task_id, -1) else None


@pytest.fixture
def _telemetry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Name a target."""
    monkeypatch.setenv("SENSOR_SCORING_TELEMETRY", "otlp")


@pytest.mark.usefixtures("_telemetry")
def test_a_step_leaves_its_times() -> None:
    """From the start of its try to its end."""
    ti = AnInstance()
    with times_said(ti):
        assert times_of(ti, "plan") is None
    times = times_of(ti, "plan")
    assert times is not None
    assert (times.start, times.failure) == (START, "")
    assert timedelta() <= datetime.now(UTC) - times.end < timedelta(hours=1)
    assert times_of(ti, "open") is None


@pytest.mark.usefixtures("_telemetry")
def test_a_step_that_fails_says_why() -> None:
    """And the error goes on to Airflow."""
    ti = AnInstance("confirm")
    with pytest.raises(RunFailed), times_said(ti):
        raise RunFailed("two are missing")
    times = times_of(ti, "confirm")
    assert times is not None
    assert times.failure == "two are missing"


@pytest.mark.usefixtures("_telemetry")
def test_a_step_whose_times_airflow_does_not_take_is_as_good(caplog: pytest.LogCaptureFixture) -> None:
    """It has done its work."""

    class Deaf(AnInstance):
        def xcom_push(self, *, key: str, value: Any) -> None:
            raise ConnectionError(key, value)

    with times_said(Deaf()):
        pass
    assert "The trace of this run will lack this step" in caplog.text


@pytest.mark.usefixtures("_telemetry")
def test_a_step_that_waits_is_not_at_its_end() -> None:
    """What it does after that says the times of all of it."""
    ti = AnInstance("settle")
    with pytest.raises(TaskDeferred), times_said(ti):
        raise TaskDeferred(trigger=MOMENT, method_name="settled")
    assert ti.pushed == {}


def test_nothing_is_left_where_nobody_asks() -> None:
    """By default there is no telemetry, and no instance of a mapped task ever leaves its times."""
    ti = AnInstance()
    with times_said(ti):
        pass
    assert ti.pushed == {}
