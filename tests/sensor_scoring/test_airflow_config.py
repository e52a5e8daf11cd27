"""What a wide mapped task needs from Airflow's settings."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest
import yaml
from airflow.sdk.configuration import conf

from sensor_scoring.airflow_config import FORK_SERVER, HEARTBEATS, environ_for, needs_of, refused_or_short
from sensor_scoring.errors import SettingsError
from sensor_scoring.hourly.planning.packing import MOST_TASKS
from sensor_scoring.preload import PRELOADED


def test_more_groups_than_airflow_maps_over_are_refused_with_both_ways_out() -> None:
    """Airflow itself complains only when the list is pushed, in its API's terms."""
    with pytest.raises(SettingsError, match=r"1025 groups.*SENSORS_PER_TASK.*AIRFLOW__CORE__MAX_MAP_LENGTH"):
        refused_or_short(needs_of(1025), conf.getint)


def test_settings_that_make_a_wide_run_slow_are_named() -> None:
    """With Airflow's defaults, four wide runs do not fit into one triggerer."""
    capacity, *others = refused_or_short(needs_of(MOST_TASKS), conf.getint)
    assert "[triggerer] capacity is 1000" in capacity
    assert "AIRFLOW__TRIGGERER__CAPACITY to 1600" in capacity
    assert len(others) == 2


def test_a_small_fleet_needs_nothing() -> None:
    """Airflow's defaults suffice for a hundred sensors."""
    assert refused_or_short(needs_of(100), conf.getint) == []


def test_a_small_fleet_takes_nothing_from_what_airflow_gives() -> None:
    """No limit is lowered for other DAGs; the defaults noted here are Airflow's."""
    assert environ_for(6) == {"AIRFLOW__CORE__MAX_MAP_LENGTH": "1024"}
    assert all(conf.getint(need.section, need.option) == need.default for need in needs_of(MOST_TASKS))


@pytest.mark.parametrize("groups", [15, 400, 1000])
def test_what_is_set_by_the_list_satisfies_it(groups: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same list sets and checks, and Airflow knows every option in it."""
    for variable, value in environ_for(groups).items():
        monkeypatch.setenv(variable, value)
    assert refused_or_short(needs_of(groups), conf.getint) == []


@pytest.mark.parametrize("name", PRELOADED)
def test_what_is_loaded_beforehand_is_there(name: str) -> None:
    """Python's fork server ignores a module it cannot import, which would make tasks slow again."""
    assert importlib.import_module(name).__name__ == name


def test_the_values_of_the_helm_chart_are_those_of_our_stacks() -> None:
    """The documentation's values name the module that exists."""
    text = (Path(__file__).parents[2] / "docs" / "settings.md").read_text()
    config = yaml.safe_load(text.partition("```yaml\n")[2].partition("```")[0])["config"]
    imports = json.loads(config["celery"].pop("extra_celery_config"))["imports"]
    named = {
        f"AIRFLOW__{section.upper()}__{option.upper()}": value
        for section, options in config.items()
        for option, value in options.items()
    }
    assert named == FORK_SERVER | {name: int(value) for name, value in HEARTBEATS.items()}
    assert imports == FORK_SERVER["AIRFLOW__CORE__MP_FORKSERVER_PRELOAD"].split(",")[1:]
