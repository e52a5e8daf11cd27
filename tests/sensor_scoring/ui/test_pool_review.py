"""What is odd about a pool, and what will happen to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sensor_scoring.azure_batch.onlooker import PoolSight
from sensor_scoring.azure_batch.pool.autoscale import AutoscalePolicy, Floor, WarmWindow
from sensor_scoring.azure_batch.pool.spec import EVALUATION_INTERVAL, PoolSpec
from sensor_scoring.ui.pool_outlook import Outlook
from sensor_scoring.ui.pool_review import review_of

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
POLICY = AutoscalePolicy(max_nodes=4, slots_per_node=4)
SPEC = PoolSpec(pool_id="pool", vm_size="v", policy=POLICY, image="i")


def a_pool(**changes: Any) -> dict[str, Any]:
    """Describe a pool as it is made."""
    evaluated = (NOW - timedelta(minutes=3)).isoformat()
    return {
        "id": "pool",
        "enableAutoScale": True,
        "autoScaleFormula": POLICY.formula(),
        "taskSlotsPerNode": 4,
        "autoScaleRun": {"timestamp": evaluated, "results": "$TargetDedicatedNodes=0"},
        **changes,
    }


def review(pool: dict[str, Any], interval: timedelta | None = EVALUATION_INTERVAL) -> list[str]:
    """Review a pool."""
    return list(review_of(pool, SPEC, interval=interval, now=NOW))


def outlook(interval: timedelta | None = EVALUATION_INTERVAL, policy=POLICY, **changes: Any) -> Outlook:
    """Look ahead."""
    return Outlook.of(PoolSight(NOW, a_pool(**changes), interval), policy)


def test_a_pool_as_it_is_made_is_not_worth_a_word() -> None:
    """Whatever is or was announced to it."""
    assert review(a_pool()) == []
    for minutes in (10, -10):
        announced = POLICY.formula(Floor(3, NOW + timedelta(minutes=minutes)))
        assert review(a_pool(autoScaleFormula=announced)) == []


@pytest.mark.parametrize(
    "formula",
    [
        "$TargetDedicatedNodes = 1;",
        AutoscalePolicy(max_nodes=8, slots_per_node=4).formula(),
        AutoscalePolicy(max_nodes=4, slots_per_node=4, spot=True).formula(),
    ],
)
def test_a_formula_of_somebody_else_is_named(formula: str) -> None:
    """Or one of other settings."""
    (sentence,) = review(a_pool(autoScaleFormula=formula))
    assert "is not the one that the settings make" in sentence


def test_other_slots_than_the_settings_count_with_are_named() -> None:
    """The formula divides by them."""
    (sentence,) = review(a_pool(taskSlotsPerNode=2))
    assert "has 2 task slots and the settings count with 4" in sentence


def test_another_interval_is_named() -> None:
    """The service's default lets a quarter of the hour pass."""
    (sentence,) = review(a_pool(), interval=timedelta(minutes=15))
    assert "evaluated every 15 min 0 s" in sentence


def test_an_evaluation_that_is_overdue_is_named() -> None:
    """It was due long ago."""
    run = {"timestamp": (NOW - timedelta(minutes=20)).isoformat()}
    (sentence,) = review(a_pool(autoScaleRun=run))
    assert "20 min 0 s ago" in sentence


def test_a_fixed_size_is_named_and_nothing_else() -> None:
    """There is no formula to speak of."""
    (sentence,) = review({"id": "pool", "taskSlotsPerNode": 4}, interval=None)
    assert "fixed size" in sentence


def test_the_next_evaluation_follows_the_last_by_the_interval() -> None:
    """Nothing is announced here."""
    ahead = outlook()
    assert ahead.evaluation_at == NOW + timedelta(minutes=2)
    assert ahead.floor is None
    assert ahead.sentences == (
        "The formula is evaluated next at 10:02:00 UTC, or as soon as a run announces its load.",
        "Nothing is announced: the number of nodes follows the queue.",
    )


def test_what_is_announced_is_held_until_its_time_is_over() -> None:
    """As the formula says."""
    until = NOW + timedelta(minutes=10)
    ahead = outlook(autoScaleFormula=POLICY.formula(Floor(1, until)))
    assert ahead.floor == Floor(1, until)
    assert ahead.sentences[1] == "The formula holds 1 node until 10:10:00 UTC: that is announced."
    assert outlook(autoScaleFormula=POLICY.formula(Floor(1, NOW))).floor is None


def test_a_warm_window_is_told() -> None:
    """It comes every hour, announced or not."""
    warm = AutoscalePolicy(
        max_nodes=4,
        slots_per_node=4,
        is_announced=False,
        warm=WarmWindow.before(5, nodes=2, minutes=10),
    )
    ahead = outlook(policy=warm, autoScaleFormula=warm.formula())
    assert ahead.sentences == (
        "The formula is evaluated next at 10:02:00 UTC.",
        "Each hour it holds 2 nodes from minute 55 to minute 15.",
    )


def test_an_evaluation_that_is_due_is_told() -> None:
    """Also one that never was."""
    late = {"timestamp": (NOW - timedelta(minutes=6)).isoformat()}
    assert outlook(autoScaleRun=late).sentences[0] == (
        "An evaluation of the formula has been due since 09:59:00 UTC."
    )
    assert outlook(autoScaleRun=None).sentences[0] == "The formula has not been evaluated yet."


def test_a_fixed_size_has_no_next_evaluation() -> None:
    """Nobody changes it but people."""
    ahead = outlook(interval=None)
    assert (ahead.evaluation_at, ahead.floor) == (None, None)
    assert "fixed size" in ahead.sentences[0]
