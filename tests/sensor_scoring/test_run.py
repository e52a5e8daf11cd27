"""What a DAG run says of itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from sensor_scoring.run import Run
from sensor_scoring.settings import Settings

NOW = datetime.now(UTC)
LONG_AGO = datetime(2018, 8, 29, 3, tzinfo=UTC)


def a_run(*, started: datetime | None, due: datetime, limit: float = 50) -> Run:
    """Return a run that was due and has started."""
    context: Any = {"ti": None, "dag_run": SimpleNamespace(start_date=started, run_after=due)}
    return Run(context, Settings(late_minutes=limit))


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
    """Not by its hour, which can be years ago."""
    assert bool(run.late) is late


def test_a_late_run_says_how_long_it_took() -> None:
    """In minutes."""
    run = a_run(started=NOW - timedelta(minutes=63.2), due=NOW - timedelta(hours=2))
    assert run.late == "it took 63 minutes; the limit is 50"
