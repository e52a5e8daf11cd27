"""Timestamps and durations as the service writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azure_batch_emulator.moments import UNLIMITED, duration, parse_duration, parse_moment, stamp


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("PT15M00S", timedelta(minutes=15)),
        ("P1DT02H00M00S", timedelta(days=1, hours=2)),
        ("PT0.5S", timedelta(seconds=0.5)),
        ("P2W", timedelta(weeks=2)),
        ("P10675199DT2H48M5.4775807S", UNLIMITED),
    ],
)
def test_durations_are_read_generously(text: str, span: timedelta) -> None:
    """Zero padding, weeks, fractions and the service's infinity are accepted."""
    assert parse_duration(text) == span


@pytest.mark.parametrize("text", ["", "P", "PT", "5M", "P1H", "-PT5M", "P1DT"])
def test_other_texts_are_no_durations(text: str) -> None:
    """Anything but ISO 8601 is refused."""
    with pytest.raises(ValueError, match="ISO 8601"):
        parse_duration(text)


@given(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=4000)))
def test_durations_survive_the_round_trip(span: timedelta) -> None:
    """They read back as written."""
    assert parse_duration(duration(span)) == span


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)))  # noqa: DTZ001  hypothesis adds the zone below
def test_moments_survive_the_round_trip(naive: datetime) -> None:
    """A timestamp has seven digits and a Z, and reads back the same."""
    moment = naive.replace(tzinfo=UTC)
    assert len(stamp(moment)) == len("2026-03-04T10:00:00.1234567Z")
    assert parse_moment(stamp(moment)) == moment
