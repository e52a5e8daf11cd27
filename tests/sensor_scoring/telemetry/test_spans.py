"""Ids of spans, and times of other clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sensor_scoring.telemetry.spans import Span, span_id, trace_id, within

START = datetime(2018, 8, 29, 3, 5, tzinfo=UTC)


def test_ids_follow_from_what_they_are_about() -> None:
    """So that a span which is sent twice is the same one, and no other."""
    trace = trace_id("scoring-20180829T02-b047316e0f", "2018-08-29T03:05:00.000000Z")
    other = trace_id("scoring-20180829T02-b047316e0f", "2018-08-29T03:05:00.000001Z")
    assert trace == trace_id("scoring-20180829T02-b047316e0f", "2018-08-29T03:05:00.000000Z") != other
    ids = {span_id(trace, "a", "b"), span_id(trace, "ab"), span_id(other, "a", "b"), span_id(trace, "a")}
    assert len(ids) == 4
    assert {len(trace), *map(len, ids)} == {32, 16}


@pytest.mark.parametrize(
    ("start", "end", "moved"),
    [
        pytest.param(2, 8, 0, id="within"),
        pytest.param(0, 10, 0, id="all-of-it"),
        pytest.param(-5, 1, 5, id="clock-behind"),
        pytest.param(8, 12, -2, id="clock-ahead"),
        pytest.param(5, 17, -5, id="longer-than-the-span"),
    ],
)
def test_times_of_another_clock_are_moved_into_the_span_around_them(start, end, moved) -> None:
    """By no more than it takes."""
    around = Span(id="0" * 16, name="node", start=START, end=START + timedelta(seconds=10))
    found = within(START + timedelta(seconds=start), START + timedelta(seconds=end), around=around)
    assert found == timedelta(seconds=moved)
