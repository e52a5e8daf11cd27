"""What is known of a DAG run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from sensor_scoring.hourly.run import Run
from sensor_scoring.setting_groups import AlertSettings
from sensor_scoring.settings import Settings

NOW = datetime.now(UTC)
LONG_AGO = datetime(2018, 8, 29, 3, tzinfo=UTC)


def a_run(*, started: datetime | None, due: datetime, limit: float = 50) -> Run:
    """Return a run that was scheduled and has started."""
    context: Any = {"ti": None, "dag_run": SimpleNamespace(start_date=started, run_after=due)}
    return Run(context, Settings(alerts=AlertSettings(late_minutes=limit)))


@pytest.mark.parametrize(
    ("run", "late"),
    [
        pytest.param(
            a_run(started=NOW - timedelta(minutes=63), due=NOW - timedelta(hours=2)), True, id="long"
        ),
        pytest.param(a_run(started=NOW - timedelta(minutes=9), due=LONG_AGO), False, id="a-cleared-old-run"),
        pytest.param(a_run(started=LONG_AGO, due=NOW), False, id="a-test-run-of-an-old-hour"),
        pytest.param(a_run(started=None, due=NOW), False, id="not-started"),
        pytest.param(a_run(started=LONG_AGO, due=LONG_AGO, limit=0), False, id="switched-off"),
    ],
)
def test_a_run_is_late_by_its_own_start(run, late) -> None:
    """Its hour may be years ago."""
    assert bool(run.late) is late


@pytest.mark.parametrize(
    ("hour", "why"),
    [
        pytest.param("2018-02-30T02", "has a day 30 in a month of 28 days; try 2018-02-28T02", id="no-day"),
        pytest.param("2018-13-01T02", "has no month 13; try 2018-01-13T02", id="no-month"),
        pytest.param("2018-08-29T02", "", id="an-hour"),
    ],
)
def test_a_run_that_was_asked_for_no_hour_says_why(hour, why) -> None:
    """The form accepts what looks like an hour, even if the calendar has no such day."""
    context: Any = {
        "ti": SimpleNamespace(dag_id="hourly_scoring", run_id="manual__1"),
        "params": {"hour": hour},
        "dag_run": SimpleNamespace(run_after=NOW),
    }
    said = Run(context, Settings()).hourless
    assert said.endswith(why)
    assert bool(said) is bool(why)


def test_a_late_run_says_how_long_it_took() -> None:
    """In minutes."""
    now = datetime.now(UTC)
    run = a_run(started=now - timedelta(minutes=63.2), due=now - timedelta(hours=2))
    assert run.late == "it took 63 minutes; the limit is 50"
