"""Times in answers of Azure's services."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from sensor_scoring.service_times import datetime_of

MOMENT = datetime(2018, 8, 29, 3, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2018-08-29T03:05:00Z",
        "2018-08-29T03:05:00.0000000Z",
        "2018-08-29T05:05:00+02:00",
        "2018-08-29T03:05:00",
        MOMENT,
        MOMENT.replace(tzinfo=None),
        MOMENT.astimezone(timezone(timedelta(hours=2))),
    ],
)
def test_a_time_is_read_in_every_form_that_it_comes_in(value: object) -> None:
    """One without a zone is in UTC, whatever zone the machine is in."""
    found = datetime_of(value)
    assert found == MOMENT
    assert found.tzinfo is UTC


@pytest.mark.parametrize("value", [None, "", "soon", "2018-13-01T00:00:00Z", 7])
def test_what_is_no_time_is_none(value: object) -> None:
    """A page or a summary is about more than one time that the service wrote strangely."""
    assert datetime_of(value) is None
