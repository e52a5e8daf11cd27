"""The time of a plan: texts that sort by time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from scoring_contract.planned_at import planned_at, read_planned_at

MOMENTS = [
    datetime(2018, 8, 29, 3, 0, 7, tzinfo=UTC),
    datetime(2018, 8, 29, 3, 0, 7, 1, tzinfo=UTC),
    datetime(2018, 8, 29, 5, 0, 8, tzinfo=timezone(timedelta(hours=2))),
    datetime(2018, 8, 29, 12, tzinfo=UTC),
]


def test_what_is_written_is_read_and_sorts_by_time() -> None:
    """The gate compares the texts, so one without decimals would be a mistake."""
    texts = [planned_at(moment) for moment in MOMENTS]
    assert [read_planned_at(text) for text in texts] == MOMENTS
    assert sorted(texts) == texts


@pytest.mark.parametrize("text", ["", "soon", "2018-08-29T03:00:07"])
def test_what_is_no_time_of_a_plan_is_none(text: str) -> None:
    """Nor is one without a zone: nobody knows which moment it is."""
    assert read_planned_at(text) is None
