"""What can keep a new model from promotion."""

from __future__ import annotations

from typing import Any

import pytest

from scoring_contract.messages.training_report import Comparison, Evaluation, LabelCheck
from sensor_scoring.settings import Settings
from sensor_scoring.training.gate import TrainingGate


def evaluated(**facts: Any) -> Evaluation:
    """Build the evaluation of an acceptable model, with some facts changed."""
    return Evaluation(**{"readings": 100, "anomalies": 5, **facts})


@pytest.mark.parametrize(
    "evaluation",
    [
        pytest.param(evaluated(), id="first-model"),
        pytest.param(evaluated(anomalies=20), id="at-the-limit"),
        pytest.param(evaluated(comparison=Comparison("v1", 0.3, 90)), id="drift-at-the-limit"),
        pytest.param(evaluated(labels=LabelCheck(4, 5, 2)), id="recall-at-the-limit"),
        pytest.param(evaluated(labels=LabelCheck(0, 5, 0)), id="nothing-to-find"),
    ],
)
def test_a_model_within_the_limits_may_become_current(evaluation) -> None:
    """Drift needs a current model to compare with, recall needs labelled anomalies."""
    assert list(TrainingGate().objections(evaluation)) == []


@pytest.mark.parametrize(
    ("evaluation", "sentence"),
    [
        pytest.param(evaluated(readings=29, anomalies=0), "only 29 later readings; 30 required", id="few"),
        pytest.param(
            evaluated(anomalies=21),
            "it calls 21.0% of the later readings anomalies; the limit is 20.0%",
            id="anomalies",
        ),
        pytest.param(
            evaluated(comparison=Comparison("v1", 0.31, 0)),
            "its scores drift by 0.31 from the current model's; the limit is 0.30",
            id="drift",
        ),
        pytest.param(
            evaluated(labels=LabelCheck(4, 1, 1)),
            "it finds 25.0% of the labelled anomalies; 50.0% required",
            id="recall",
        ),
    ],
)
def test_each_limit_has_its_sentence(evaluation, sentence) -> None:
    """It gives the measured and the allowed value."""
    assert list(TrainingGate().objections(evaluation)) == [sentence]


def test_everything_that_speaks_against_it_is_said() -> None:
    """People read all reasons at once."""
    worst = evaluated(
        readings=10, anomalies=10, comparison=Comparison("v1", 1.0, 10), labels=LabelCheck(2, 10, 0)
    )
    assert len(list(TrainingGate().objections(worst))) == 4


def test_the_settings_have_the_gates_defaults() -> None:
    """Both places that state them agree."""
    assert TrainingGate.of(Settings()) == TrainingGate()
