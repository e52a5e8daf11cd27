"""Settings: one door, cast and checked there."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from sensor_scoring.errors import SettingsError
from sensor_scoring.setting_groups import HourlySettings
from sensor_scoring.setting_values.constraints import Range
from sensor_scoring.settings import Settings, all_settings, groups

if TYPE_CHECKING:
    from sensor_scoring.setting_fields import Setting

NUMBERS = [
    pytest.param(name, entry, id=entry.name)
    for name, group in groups()
    for entry in group.settings()
    if entry.kind in {"int", "float"}
]


def test_what_is_not_set_has_its_default() -> None:
    """An empty environment is valid, and an empty variable counts as unset."""
    assert Settings.from_environ({}) == Settings()
    assert Settings.from_environ({"SENSOR_SCORING_MAX_NODES": ""}) == Settings()


def test_values_are_cast_to_their_type() -> None:
    """Inside, a setting is a number or a boolean, not a text."""
    settings = Settings.from_environ(
        {
            "SENSOR_SCORING_MAX_NODES": "12",
            "SENSOR_SCORING_POLL_SECONDS": "0.5",
            "SENSOR_SCORING_SILENT_HOUR_FAILS": "true",
            "SENSOR_SCORING_POOL_ID": "fleet",
        }
    )
    assert (
        settings.autoscale.max_nodes,
        settings.hourly.poll_seconds,
        settings.hourly.silent_hour_fails,
    ) == (12, 0.5, True)
    assert settings.pool.pool_id == "fleet"


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
    """The error names the environment variable."""
    with pytest.raises(SettingsError, match=variable):
        Settings.from_environ({variable: value})


@pytest.mark.parametrize(("group", "entry"), NUMBERS)
def test_no_number_is_without_bounds(group: str, entry: Setting) -> None:
    """Both bounds are allowed; beyond them, NaN and infinity are refused with variable, value and range."""
    bounds, variable = entry.constraint, entry.variable
    assert isinstance(bounds, Range), f"{variable} takes any number: give it a Range"
    assert bounds.least >= 0
    for end in (bounds.least, bounds.most):
        settings = Settings.from_environ({variable: str(end)})
        assert getattr(getattr(settings, group), entry.name) == end
    beyond = (bounds.least - 1, bounds.most + 1, 10**30) + (
        ("nan", "inf", "-inf", "1e309", -0.0001) if entry.kind == "float" else ()
    )
    for value in beyond:
        with pytest.raises(SettingsError, match=f"{variable} is .*; it must be") as refused:
            Settings.from_environ({variable: str(value)})
        assert str(bounds) in str(refused.value)


@pytest.mark.parametrize(("group", "entry"), NUMBERS)
def test_no_number_beyond_its_bounds_gets_into_a_group(group: str, entry: Setting) -> None:
    """However a group is made, not only from the environment."""
    bounds = entry.constraint
    assert isinstance(bounds, Range)
    for value in (-5, bounds.least - 1, bounds.most + 1, math.nan, math.inf):
        with pytest.raises(SettingsError, match=f"{entry.variable} is .*; it must be"):
            dict(groups())[group](**{entry.name: value})


def test_every_setting_has_a_variable_of_its_own() -> None:
    """Two fields of one name, in two groups, would be set together."""
    variables = [entry.variable for entry in all_settings()]
    assert len(set(variables)) == len(variables)


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("MAX_NODES", "4.5", "is '4.5'; it must be a whole number, 1 to 10,000"),
        ("POLL_SECONDS", "soon", "is 'soon'; it must be a number, 0.05 to 3,600"),
        ("SPOT", "perhaps", "is 'perhaps'; it must be true or false"),
        ("AUTOSCALE_POLICY", "magic", "is 'magic'; it must be one of run-aware, keep-warm, reactive"),
        ("MISSING_SCHEDULE", "nightly", "is 'nightly'; it must be cron, a preset like @daily, or never"),
        ("TRAIN_SCHEDULE", "61 * * * *", "is '61 * * * *'; it must be cron, a preset like @daily, or empty"),
        ("RUNS_CONTAINER", "Runs_", "is 'Runs_'; it must be a container name"),
        ("JOB_PREFIX", "a prefix", "is 'a prefix'; it must be 1 to 16 of A-Z a-z 0-9 _ -"),
        ("POOL_ID", "p" * 65, "it must be 1 to 64 of A-Z a-z 0-9 _ -"),
        ("NOTIFY", "slack:foo", "NOTIFY: 'slack:foo' is no channel"),
    ],
)
def test_a_refusal_says_what_is_allowed(variable, value, said) -> None:
    """In one sentence, for the person who set it."""
    with pytest.raises(SettingsError) as refused:
        Settings.from_environ({f"SENSOR_SCORING_{variable}": value})
    assert said in str(refused.value)
    assert f"SENSOR_SCORING_{variable}" in str(refused.value)


def test_a_backfill_may_pack_its_sensors_otherwise() -> None:
    """Unless that is set, its hours are divided like any other."""
    assert HourlySettings(sensors_per_task=3).per_task(is_backfill=True) == 3
    packed = HourlySettings(sensors_per_task=3, backfill_sensors_per_task=50)
    assert [packed.per_task(is_backfill=is_backfill) for is_backfill in (True, False)] == [50, 3]
    assert HourlySettings(backfill_sensors_per_task=50).per_task(is_backfill=False) == 0
