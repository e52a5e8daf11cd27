"""The day that a new stack's fleet has behind it."""

from __future__ import annotations

from collections import Counter

import pytest

from ingest.simulator import READINGS_PER_HOUR, Fleet
from local_stack.fleet.demo_day import EPISODES, DemoDay, Trouble
from scoring_contract.hour import RunHour
from scoring_contract.sensor_names import sensor_id_of

LAST = RunHour.parse("2026-11-28T19")
DAY = DemoDay(LAST)


def sensor_hours() -> dict[Trouble, set[tuple[str, str]]]:
    """Return the hours and sensors with each trouble, read from what the day sends."""
    found: dict[Trouble, set[tuple[str, str]]] = {trouble: set() for trouble in Trouble}
    sensors = {sensor_id_of(str(device), str(tag)) for device in range(1, 4) for tag in range(1, 6)}
    for hour in DAY.hours:
        sent, empty, labels = Counter[str](), Counter[str](), Counter[str]()
        for each in DAY.labelled(hour, anomalous=hour == LAST):
            sensor = sensor_id_of(each.reading.device, each.reading.tag)
            sent[sensor] += 1
            empty[sensor] += each.reading.value == "NaN"
            labels[sensor] += each.kind is not None
        found[Trouble.SILENCE] |= {(str(hour), sensor) for sensor in sensors if not sent[sensor]}
        found[Trouble.NO_VALUES] |= {(str(hour), sensor) for sensor in sensors if empty[sensor]}
        found[Trouble.SPIKE] |= {
            (str(hour), sensor) for sensor in sensors if labels[sensor] > 0.25 * READINGS_PER_HOUR
        }
        assert set(sent.values()) == {READINGS_PER_HOUR}, "whoever sends, sends all"
        assert set(empty.values()) <= {0, READINGS_PER_HOUR}
    return found


def test_some_sensors_are_silent_one_cannot_be_scored_and_two_have_spikes() -> None:
    """Of twenty-four hours, the last one included; nothing else is wrong."""
    assert len(DAY.hours) == 24
    assert DAY.hours[-1] == LAST
    found = sensor_hours()
    assert {trouble: sorted({sensor for _, sensor in found[trouble]}) for trouble in Trouble} == {
        Trouble.SILENCE: ["1_3", "3_5"],
        Trouble.NO_VALUES: ["2_2"],
        Trouble.SPIKE: ["2_4", "3_1"],
    }
    assert {hour for hour, sensor in found[Trouble.SILENCE] if sensor == "1_3"} == {
        "2026-11-28T10",
        "2026-11-28T11",
    }
    assert sorted(hour for hour, _ in found[Trouble.NO_VALUES]) == ["2026-11-28T15", "2026-11-28T16"]
    assert ("2026-11-28T19", "3_1") in found[Trouble.SPIKE]


def test_models_are_trained_before_anything_is_anomalous() -> None:
    """On hours of which each has its place in the daily curve."""
    trained = [hour for hour in DAY.hours if hour < DAY.trained_until]
    assert len(trained) >= 18
    for hour in trained:
        assert not any(
            each.kind or each.reading.value == "NaN" for each in DAY.labelled(hour, anomalous=False)
        )


@pytest.mark.parametrize("hour", [DAY.hours[0], LAST])
def test_who_has_no_trouble_sends_what_the_fleet_sends(hour: RunHour) -> None:
    """The day goes on as every other hour does."""
    troubled = {(episode.device, episode.tag) for episode in EPISODES}
    ours = DAY.labelled(hour, anomalous=True)
    fleet = Fleet().labelled(hour, 1, anomalous=[hour])
    of_ours, of_fleet = (
        [each for each in sent if (each.reading.device, each.reading.tag) not in troubled]
        for sent in (ours, fleet)
    )
    assert of_ours == of_fleet
