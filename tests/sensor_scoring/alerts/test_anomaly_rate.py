"""When an anomaly rate is a spike."""

from __future__ import annotations

import random

import pytest

from sensor_scoring.alerts.anomaly_rate import AnomalyRate, SpikeRule

RULE = SpikeRule(rise=0.1, hours=24, min_readings=30)
CALM = (10,) * 12


def spikes(past: tuple[int, ...], anomalies: int, readings: int = 240) -> bool:
    """Whether an hour spikes after a given past."""
    return bool(RULE.spikes({"s": past}, {"s": AnomalyRate(anomalies, readings)}))


@pytest.mark.parametrize(
    ("past", "anomalies", "readings", "is_spike"),
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
def test_a_rate_spikes_above_its_own_baseline(past, anomalies, readings, is_spike) -> None:
    """It must exceed the minimum rise, the usual spread and chance."""
    assert spikes(past, anomalies, readings) is is_spike


def test_a_fleet_without_a_cause_makes_no_news() -> None:
    """None of twenty thousand sensors spikes by chance, each with its own rate and 100 readings."""
    dice = random.Random(7)
    past, now = {}, {}
    for number in range(20_000):
        chance = dice.choice((0.001, 0.01, 0.02, 0.05))
        counts = [_count(dice, chance) for _ in range(13)]
        past[f"s{number}"] = tuple(10 * count for count in counts[:12])
        now[f"s{number}"] = AnomalyRate(counts[12], 100)
    assert RULE.spikes(past, now) == []


def _count(dice: random.Random, chance: float) -> int:
    return sum(dice.random() < chance for _ in range(100))


def test_a_spike_is_over_below_half_the_rise() -> None:
    """In between it is neither new nor over, so a rate around the limit raises one alert."""
    for anomalies, is_calm in ((20, False), (10, True)):
        assert bool(RULE.calm({"s": CALM}, {"s": AnomalyRate(anomalies, 240)}, {"s"})) is is_calm


def test_the_past_is_bounded() -> None:
    """It keeps a day of rates, in thousandths, without hours of few readings."""
    past: dict[str, tuple[int, ...]] = {}
    for count in range(30):
        past = RULE.after(past, {"s": AnomalyRate(count, 100), "few": AnomalyRate(1, 29)})
    assert past == {"s": tuple(10 * count for count in range(6, 30))}
