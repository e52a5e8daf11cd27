"""Settings: one door, cast and checked there."""

from __future__ import annotations

import pytest

from sensor_scoring.errors import SettingsError
from sensor_scoring.settings import Settings


def test_what_is_not_set_has_its_default() -> None:
    """An empty environment is a valid one, and an empty variable is not set."""
    assert Settings.from_environ({}) == Settings()
    assert Settings.from_environ({"SENSOR_SCORING_MAX_NODES": ""}) == Settings()


def test_values_are_cast_to_their_type() -> None:
    """A setting is a number or a truth, not a text, once inside."""
    settings = Settings.from_environ(
        {
            "SENSOR_SCORING_MAX_NODES": "12",
            "SENSOR_SCORING_POLL_SECONDS": "0.5",
            "SENSOR_SCORING_SILENT_HOUR_FAILS": "true",
            "SENSOR_SCORING_POOL_ID": "fleet",
        }
    )
    assert (settings.max_nodes, settings.poll_seconds, settings.silent_hour_fails) == (12, 0.5, True)
    assert settings.pool_id == "fleet"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SENSOR_SCORING_MAX_NODES", "many"),
        ("SENSOR_SCORING_MAX_NODES", "0"),
        ("SENSOR_SCORING_SILENT_HOUR_FAILS", "perhaps"),
        ("SENSOR_SCORING_TOLERATED_FAILED_SHARE", "5"),
    ],
)
def test_a_value_that_cannot_work_is_refused_by_name(variable, value) -> None:
    """The sentence names the variable as it was set."""
    with pytest.raises(SettingsError, match=variable):
        Settings.from_environ({variable: value})
