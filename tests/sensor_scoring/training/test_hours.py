"""Which hours a run trains on, and which it evaluates on."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from scoring_contract.errors import LayoutError
from sensor_scoring.setting_groups import TrainingSettings
from sensor_scoring.settings import Settings
from sensor_scoring.training.hours import training_hours

NOW = datetime(2026, 1, 5, 10, 3, tzinfo=UTC)
SETTINGS = Settings(training=TrainingSettings(train_hours=6, train_evaluation_hours=2))


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        # 09:00 to 10:00 may still get late readings at 10:03.
        pytest.param({}, ("05T01", "05T07", "05T07", "05T09"), id="nothing-given"),
        pytest.param({"from": None}, ("05T01", "05T07", "05T07", "05T09"), id="left-empty"),
        pytest.param({"until": "2026-01-04T12"}, ("04T06", "04T12", "04T12", "04T14"), id="end-of-training"),
        pytest.param(
            {"evaluate_from": "2026-01-04T12"}, ("04T06", "04T12", "04T12", "04T14"), id="start-of-judging"
        ),
        pytest.param(
            {"evaluate_until": "2026-01-04T14"}, ("04T06", "04T12", "04T12", "04T14"), id="end-of-judging"
        ),
        pytest.param(
            {
                "from": "2026-01-01T00",
                "until": "2026-01-02T00",
                "evaluate_from": "2026-01-03T00",
                "evaluate_until": "2026-01-03T01",
            },
            ("01T00", "02T00", "03T00", "03T01"),
            id="all-given",
        ),
    ],
)
def test_what_is_not_given_follows_from_the_rest(params, expected) -> None:
    """Evaluation follows training, without a gap unless one is requested."""
    hours = training_hours(params, now=NOW, settings=SETTINGS)
    found = (hours.trained_from, hours.trained_until, hours.evaluated_from, hours.evaluated_until)
    assert tuple(str(hour).removeprefix("2026-01-") for hour in found) == expected


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        pytest.param({"from": "monday"}, "is not an hour", id="no-hour"),
        pytest.param({"from": "2026-01-05T07", "until": "2026-01-05T07"}, "not after its start", id="empty"),
        pytest.param(
            {"until": "2026-01-05T07", "evaluate_from": "2026-01-05T06"},
            "readings that it has not seen",
            id="overlap",
        ),
        pytest.param(
            {"evaluate_from": "2026-01-05T06", "evaluate_until": "2026-01-05T06"},
            "evaluation ends",
            id="nothing-to-judge-by",
        ),
    ],
)
def test_hours_that_cannot_be_meant_are_refused(params, sentence) -> None:
    """Above all, no model is evaluated on its own training hours."""
    with pytest.raises(LayoutError, match=sentence):
        training_hours(params, now=NOW, settings=SETTINGS)
