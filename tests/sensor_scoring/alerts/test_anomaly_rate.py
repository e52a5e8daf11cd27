"""When a share of anomalies jumps."""

from __future__ import annotations

import random

import pytest

from sensor_scoring.alerts.anomaly_rate import JumpRule, Share

RULE = JumpRule(rise=0.1, hours=24, min_readings=30)
CALM = (10,) * 12


def jumps(past: tuple[int, ...], anomalies: int, readings: int = 240) -> bool:
    """Say whether an hour jumps after a past."""
    return bool(RULE.jumps({"s": past}, {"s": Share(anomalies, readings)}))


@pytest.mark.parametrize(
    ("past", "anomalies", "readings", "is_jump"),
    [
        pytest.param(CALM, 40, 240, True, id="far-above"),
        pytest.param(CALM, 24, 240, False, id="below-the-least-rise"),
        pytest.param((10,) * 5, 200, 240, False, id="too-short-a-past"),
        pytest.param((10, 300, 10, 20, 30, 10, 400, 20, 10), 60, 240, True, id="a-few-wild-hours"),
        pytest.param((10, 300, 100, 200, 30, 10, 400, 250, 150), 90, 240, False, id="it-always-strays"),
        pytest.param((500,) * 12, 125, 240, False, id="many-anomalies-are-usual"),
        pytest.param(CALM, 5, 30, False, id="five-of-thirty-are-chance"),
        pytest.param(CALM, 12, 30, True, id="twelve-of-thirty-are-not"),
        pytest.param(CALM, 29, 29, False, id="too-few-readings"),
    ],
)
def test_a_share_jumps_against_its_own_past(past, anomalies, readings, is_jump) -> None:
    """By the least rise, by the usual straying, and by more than chance."""
    assert jumps(past, anomalies, readings) is is_jump


def test_a_fleet_without_a_cause_makes_no_news() -> None:
    """Of twenty thousand sensors, each with its own chance and a hundred readings an hour, none jumps."""
    dice = random.Random(7)
    past, now = {}, {}
    for number in range(20_000):
        chance = dice.choice((0.001, 0.01, 0.02, 0.05))
        counts = [_count(dice, chance) for _ in range(13)]
        past[f"s{number}"] = tuple(10 * count for count in counts[:12])
        now[f"s{number}"] = Share(counts[12], 100)
    assert RULE.jumps(past, now) == []


def _count(dice: random.Random, chance: float) -> int:
    return sum(dice.random() < chance for _ in range(100))


def test_what_jumped_is_calm_again_below_half_the_rise() -> None:
    """In between it is neither news nor over: a share that swings about the limit is told of once."""
    for anomalies, is_calm in ((20, False), (10, True)):
        assert bool(RULE.calm({"s": CALM}, {"s": Share(anomalies, 240)}, {"s"})) is is_calm


def test_the_past_is_bounded() -> None:
    """A day of shares, in thousandths; hours with few readings are left out."""
    past: dict[str, tuple[int, ...]] = {}
    for count in range(30):
        past = RULE.after(past, {"s": Share(count, 100), "few": Share(1, 29)})
    assert past == {"s": tuple(10 * count for count in range(6, 30))}
