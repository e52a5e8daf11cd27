"""The setting that says where traces and metrics go."""

from __future__ import annotations

import pytest

from sensor_scoring.errors import SettingsError
from sensor_scoring.setting_values.telemetry_targets import Target, TargetKind, targets_of
from sensor_scoring.settings import Settings


def test_each_word_is_a_target_with_its_connection() -> None:
    """A word without one has the connection that is called like it."""
    assert targets_of(" otlp:collector  application-insights ") == (
        Target(TargetKind.OTLP, "collector"),
        Target(TargetKind.APPLICATION_INSIGHTS, "application_insights_default"),
    )
    assert not Settings().telemetry.is_on


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("jaeger", "TELEMETRY: 'jaeger' is no target of telemetry: otlp"),
        ("otlp:", "'otlp:' is no target"),
        ("otlp otlp:otlp_default", "names a target twice"),
    ],
)
def test_a_word_that_reaches_nobody_keeps_the_dags_from_being_parsed(text: str, why: str) -> None:
    """So that it is noticed at once."""
    with pytest.raises(SettingsError) as refused:
        Settings.from_environ({"SENSOR_SCORING_TELEMETRY": text})
    assert why in str(refused.value)
