"""The manual clock, and others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from azure_batch_emulator.clock import ManualClock, ScaledClock, SystemClock


def test_manual_clock_moves_only_when_turned() -> None:
    """It advances by exactly the given span, and never backwards."""
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    assert clock.turn(timedelta(hours=1)) == clock.now() == datetime(2026, 1, 1, 1, tzinfo=UTC)
    with pytest.raises(ValueError, match="backwards"):
        clock.turn(timedelta(seconds=-1))


def test_only_the_system_clock_can_be_waited_for() -> None:
    """With the system's clock a driver sleeps until a time; with the manual one, until it is woken."""
    clock = ManualClock()
    assert clock.seconds_until(clock.now()) == 0
    assert clock.seconds_until(clock.now() + timedelta(seconds=1)) is None
    system = SystemClock()
    assert 0 < (system.seconds_until(system.now() + timedelta(minutes=1)) or 0) <= 60


def test_a_scaled_clock_runs_faster_than_the_machines() -> None:
    """An hour passes in less than a second, and drivers sleep that much less."""
    clock = ScaledClock(7200)
    begin = clock.now()
    assert 0 < (clock.seconds_until(begin + timedelta(hours=1)) or 0) <= 0.5
    while clock.now() < begin + timedelta(minutes=5):
        pass
    assert clock.seconds_until(begin) == 0
    later = clock.now() + timedelta(days=1)
    clock.catch_up(later)
    assert clock.now() >= later
    clock.catch_up(begin)
    assert clock.now() >= later


@pytest.mark.parametrize("speed", [0, -1, float("inf"), float("nan")])
def test_a_clock_that_could_not_run_is_refused(speed: float) -> None:
    """Time must pass, and forwards."""
    with pytest.raises(ValueError, match="cannot run"):
        ScaledClock(speed)
