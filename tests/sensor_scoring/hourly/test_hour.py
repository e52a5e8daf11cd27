"""Which hour a run scores."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from scoring_contract.errors import LayoutError
from sensor_scoring.hourly.hour import scoring_hour

NOW = datetime(2026, 1, 5, 10, 20, tzinfo=UTC)
START = datetime(2018, 8, 29, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("context", "hour"),
    [
        pytest.param({"data_interval_start": START, "params": {}}, "2018-08-29T02", id="by-interval"),
        pytest.param(
            {"data_interval_start": START, "logical_date": NOW, "params": {"hour": None}},
            "2018-08-29T02",
            id="logical-date-says-nothing",
        ),
        pytest.param(
            {"data_interval_start": START, "params": {"hour": "2018-08-28T23"}},
            "2018-08-28T23",
            id="asked-for",
        ),
        pytest.param({"data_interval_start": None, "params": {}}, "2026-01-05T09", id="by-hand-without-date"),
        pytest.param({}, "2026-01-05T09", id="nothing-known"),
    ],
)
def test_the_hour_follows_from_the_run(context, hour) -> None:
    """A person's choice comes first, then the data interval, then the last complete hour."""
    assert str(scoring_hour(context, now=NOW)) == hour


def test_a_wrong_hour_is_refused() -> None:
    """A typo must not score another hour."""
    with pytest.raises(LayoutError, match="is not an hour"):
        scoring_hour({"params": {"hour": "29.8.2018"}}, now=NOW)
