"""Which task instances go first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensor_scoring.priority import TRAINING_WEIGHT, weight_of

SMALLEST, LARGEST = -(2**31), 2**31 - 1


def scheduled(hour: str) -> int:
    """Return the weight of a scheduled run."""
    return weight_of(f"scheduled__{hour}:00:00+00:00")


def test_the_newest_hour_goes_first_and_backfills_behind_every_live_one() -> None:
    """A manual run counts from its trigger time, and training comes last."""
    backfilled = weight_of("backfill__2026-01-05T10:00:00+00:00")
    by_hand = weight_of("manual__2026-01-05T10:17:31.123456+00:00_aBcD1234")
    weights = [
        *(TRAINING_WEIGHT, weight_of("backfill__2001-01-01T00:00:00+00:00"), backfilled),
        *(scheduled("2001-01-01T00"), scheduled("2026-01-05T09"), by_hand, scheduled("2026-01-05T11")),
    ]
    assert weights == sorted(weights)
    assert len(set(weights)) == len(weights)
    assert by_hand == scheduled("2026-01-05T10")


@pytest.mark.parametrize("run_id", ["", "by hand", "scheduled__", "scheduled__2026-13-05T10:00", "a__b"])
def test_a_run_of_no_known_hour_is_the_least_of_the_live_ones(run_id) -> None:
    """People may give a run any name."""
    assert weight_of(run_id) == 0


@given(st.datetimes(), st.sampled_from(["scheduled", "manual", "backfill", "asset_triggered"]))
def test_every_weight_fits_into_the_database(moment, kind) -> None:
    """In any year, and never across the boundary between live runs and backfills."""
    weight = weight_of(f"{kind}__{moment.isoformat()}+00:00")
    assert SMALLEST <= TRAINING_WEIGHT < weight <= LARGEST
    assert (weight < 0) == (kind == "backfill")
