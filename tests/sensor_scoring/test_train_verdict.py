"""When a training run is red."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from sensor_scoring.errors import RunFailed
from sensor_scoring.training.promotion import Decision
from sensor_scoring.training.steps import give_training_verdict

if TYPE_CHECKING:
    from sensor_scoring.training.run import TrainingRun


def a_run(*, is_promoted: bool = True) -> TrainingRun:
    """Return what the verdict reads of a run."""
    states = SimpleNamespace(is_success=lambda _: is_promoted)
    return cast("TrainingRun", SimpleNamespace(states=states, base="training-1"))


def counts(**given: int) -> dict[str, int]:
    """Return the counts of a promotion."""
    return {decision.value: 0 for decision in Decision} | given


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        pytest.param(
            counts(refused=3, untrained=2), "no sensor got a model: 3 refused by the gate, 2 not", id="none"
        ),
        pytest.param(counts(refused=1, silent=5), "no sensor got a model: 1 refused", id="others-are-silent"),
        pytest.param(counts(promoted=5, failed=1), "1 sensors were not trained", id="failed"),
        pytest.param(None, "nothing was promoted", id="no-promotion"),
    ],
)
def test_a_training_without_a_model_is_not_green(given: Any, sentence: str) -> None:
    """Every sensor keeps its model, and somebody must learn that training achieved nothing."""
    with pytest.raises(RunFailed, match=sentence):
        give_training_verdict(a_run(), given)


@pytest.mark.parametrize("given", [counts(promoted=1, refused=4, untrained=1), counts(kept=1, refused=4)])
def test_some_refused_sensors_fail_nothing(given: dict[str, int]) -> None:
    """Their current models keep scoring, and the summary has the reasons."""
    give_training_verdict(a_run(), given)
