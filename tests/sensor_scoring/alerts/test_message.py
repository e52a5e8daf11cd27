"""What is news in a fleet's hours, and how it reads. Each test reports hours one after the other."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from scoring_contract.hour import RunHour
from sensor_scoring.alerts.anomaly_rate import SpikeRule
from sensor_scoring.alerts.history import AlertHistory
from sensor_scoring.alerts.message import REPAIR, message_of
from sensor_scoring.alerts.observations import (
    observation_of,
    observation_of_late_run,
    observation_without_summary,
)
from sensor_scoring.hourly.outcome.summary import Outcome, SensorOutcome, Summary
from sensor_scoring.hourly.outcome.verdict import Verdict
from sensor_scoring.setting_groups import AlertSettings, HourlySettings
from sensor_scoring.settings import Settings

FIRST = RunHour.parse("2018-08-29T02")
KILLED = "its process was killed by SIGKILL"
SCORED, FAILED, SILENT, UNMODELLED = Outcome


def hour(number: int) -> RunHour:
    """Return an hour of the story."""
    return RunHour(FIRST.start + timedelta(hours=number))


def a_summary(number: int, *lines: tuple[str, Outcome] | tuple[str, Outcome, str], **facts) -> Summary:
    """Return an hour's summary, in which nine more sensors are scored."""
    sensors = [SensorOutcome(sensor=f"ok_{index}", outcome=SCORED) for index in range(9)]
    for sensor, outcome, *reason in lines:
        sensors.append(SensorOutcome(sensor=sensor, outcome=outcome, reason="".join(reason)))
    return Summary(hour=hour(number), run="run", dag_run_id="r", sensors=tuple(sensors), **facts)


@dataclass
class Story:
    """Hours that end one after the other."""

    settings: Settings = field(default_factory=Settings)
    known: AlertHistory = field(default_factory=AlertHistory)

    def tells(self, summary: Summary) -> list[str]:
        """Return the lines of a run's message, without those on where to look."""
        rule = SpikeRule(
            self.settings.alerts.spike_rise,
            self.settings.alerts.spike_hours,
            self.settings.alerts.spike_min_readings,
        )
        news, self.known = self.known.after(observation_of(summary, rule=rule))
        self.known = AlertHistory.from_json(self.known.to_json())
        verdict = Verdict.of(summary, self.settings)
        lead = f"{verdict.colour}: sensor scoring of {summary.hour}"
        named = self.settings.alerts.spikes_named
        return message_of(lead, news, [], note=verdict.note, spikes_named=named).splitlines()


def test_nobody_is_told_when_all_is_well() -> None:
    """No news is no message."""
    assert Story().tells(a_summary(0)) == []


def test_one_message_names_everything_that_needs_a_person() -> None:
    """Failed sensors with their reasons, silent ones, those without a model, and what to do."""
    said = Story().tells(
        a_summary(
            0,
            ("1_1", FAILED, KILLED),
            ("1_2", FAILED, "the model is not the ordered one"),
            ("1_3", FAILED, KILLED),
            ("1_4", SILENT),
            ("2_1", UNMODELLED),
            unknown_packs=("p7",),
        )
    )
    assert said == [
        "red: sensor scoring of 2018-08-29T02: 3 failed, 1 silent, 1 without a model, 1 unknown pack",
        f"Failed: 1_1, 1_3: {KILLED}",
        "Failed: 1_2: the model is not the ordered one",
        "Silent (no readings): 1_4",
        "No model yet: 2_1",
        "Packs with readings and no sensor in the registry: p7",
        REPAIR,
    ]


def test_people_read_the_names_of_devices_and_tags() -> None:
    """Ids with escapes are for programs; a message shows what the device and the tag are called."""
    said = Story().tells(a_summary(0, ("Pumpe-~c3~9c_temp~u8", SILENT), ("1_1", FAILED, KILLED)))
    assert "Silent (no readings): Pumpe-\u00dc / temp" in said


def test_what_lasts_is_no_news_and_its_end_is() -> None:
    """A sensor silent for ten hours is reported once, and once more when it sends again."""
    story = Story()
    assert story.tells(a_summary(0, ("1_4", SILENT)))[0].endswith(": 1 silent")
    for number in range(1, 10):
        assert story.tells(a_summary(number, ("1_4", SILENT))) == []
    assert story.tells(a_summary(10, ("1_4", SCORED))) == [
        "green: sensor scoring of 2018-08-29T12: 1 recovered",
        "Sending again: 1_4 (since 2018-08-29T02)",
    ]
    assert story.tells(a_summary(11, ("1_4", SCORED))) == []


def test_a_failure_is_told_again_only_with_another_cause() -> None:
    """Different numbers, dates and ids do not make it another cause."""
    story = Story()
    assert story.tells(a_summary(0, ("1_1", FAILED, "model 7f3a of 2018-08-29 is wrong")))
    assert story.tells(a_summary(1, ("1_1", FAILED, "model 99b2 of 2018-08-30 is wrong"))) == []
    assert story.tells(a_summary(2, ("1_1", FAILED, KILLED)))[1] == f"Failed: 1_1: {KILLED}"
    assert story.tells(a_summary(3, ("1_1", SCORED)))[1] == "Scored again: 1_1 (since 2018-08-29T04)"


def test_a_message_counts_what_was_told_before() -> None:
    """It shows that the sensors it names are not all."""
    story = Story()
    story.tells(a_summary(0, ("1_1", FAILED, KILLED), ("1_4", SILENT)))
    said = story.tells(a_summary(1, ("1_1", FAILED, KILLED), ("1_4", SILENT), ("1_5", SILENT)))
    assert said[1:] == ["Silent (no readings): 1_5", "Reported before: 1 failed, 1 silent"]


def test_a_failed_sensor_that_falls_silent_is_not_well() -> None:
    """Only a scored hour shows that its model works again."""
    story = Story()
    story.tells(a_summary(0, ("1_1", FAILED, KILLED)))
    assert story.tells(a_summary(1, ("1_1", SILENT)))[1:] == ["Silent (no readings): 1_1"]
    assert story.tells(a_summary(2, ("1_1", SCORED)))[1:] == [
        "Scored again: 1_1 (since 2018-08-29T02)",
        "Sending again: 1_1 (since 2018-08-29T03)",
    ]


def test_the_repair_of_an_hour_is_told_once() -> None:
    """The same hour run again is news only if it was repaired."""
    story = Story()
    story.tells(a_summary(0, ("1_1", FAILED, KILLED)))
    assert story.tells(a_summary(0, ("1_1", FAILED, KILLED))) == []
    assert story.tells(a_summary(0, ("1_1", SCORED)))[1:] == ["Scored again: 1_1 (since 2018-08-29T02)"]
    assert story.tells(a_summary(0, ("1_1", SCORED))) == []


def test_an_older_hour_says_nothing_about_now() -> None:
    """Whether it ended late or ran again, its failures are news; its silence and readings are not."""
    story = Story()
    story.tells(a_summary(5, ("1_4", SILENT)))
    assert story.tells(a_summary(3, ("1_4", SCORED), ("1_5", SILENT))) == []
    assert story.tells(a_summary(3, ("1_4", SCORED), ("1_1", FAILED, KILLED)))[1] == f"Failed: 1_1: {KILLED}"
    assert story.tells(a_summary(6, ("1_4", SILENT), ("1_1", SCORED)))[1:] == [
        "Scored again: 1_1 (since 2018-08-29T05)",
        "Reported before: 1 silent",
    ]


def test_an_older_hour_that_is_repaired_ends_no_failure_that_lasts() -> None:
    """The newest hour still has it."""
    story = Story()
    story.tells(a_summary(0, ("1_1", FAILED, KILLED)))
    story.tells(a_summary(1, ("1_1", FAILED, KILLED)))
    assert story.tells(a_summary(0, ("1_1", SCORED))) == []
    assert story.tells(a_summary(2, ("1_1", FAILED, KILLED))) == []


def test_a_failed_step_is_one_cause_however_many_sensors_it_fails() -> None:
    """Neither its thousand failed sensors nor their thousand recoveries are listed."""
    story = Story()
    lines = [(f"s_{number}", FAILED, "submit failed") for number in range(1000)]
    assert story.tells(a_summary(0, *lines, failed_steps={"submit": "the job is over"})) == [
        "red: sensor scoring of 2018-08-29T02: 1 step failed",
        "Step failed: submit: the job is over",
    ]
    assert story.tells(a_summary(1, *lines, failed_steps={"submit": "the job is over"})) == []
    assert story.tells(a_summary(1, *lines, failed_steps={"submit": "Batch is away"})) != [], (
        "another reason is news"
    )
    assert story.tells(a_summary(2, *((f"s_{number}", SCORED) for number in range(1000))))[1:] == [
        "Steps that recovered: submit (since 2018-08-29T03)"
    ]


def test_a_run_without_a_summary_ends_nothing() -> None:
    """It says nothing about sensors; the failed step is news, once."""
    story = Story()
    story.tells(a_summary(0, ("1_4", SILENT)))
    for expected in (True, False):
        news, story.known = story.known.after(observation_without_summary(hour(1), {"plan": ""}))
        assert bool(news) is expected
    assert story.tells(a_summary(2, ("1_4", SILENT)))[1] == "Steps that recovered: plan (since 2018-08-29T03)"


def test_a_sensor_that_left_the_fleet_is_forgotten() -> None:
    """If it returns silent, that is news again."""
    story = Story()
    story.tells(a_summary(0, ("1_4", SILENT), ("1_1", FAILED, KILLED)))
    assert story.tells(a_summary(1)) == []
    assert story.known.conditions == {}


def test_many_names_are_counted() -> None:
    """A message stays readable, whatever the size of the fleet."""
    said = Story().tells(a_summary(0, *((f"s_{number:03}", SILENT) for number in range(50))))
    assert said[1].endswith("s_018, s_019 and 30 more")
    causes = [(f"s_{number:02}", FAILED, f"cause {chr(97 + number)}") for number in range(26)]
    said = Story().tells(a_summary(0, *causes))
    assert len(said) == 1 + 20 + 1 + 1
    assert said[21] == "Failed: and 6 more for other causes, see the summary"


@pytest.mark.parametrize(
    ("tolerated", "headline"),
    [
        pytest.param(0.2, "amber: {}1 failed, 10.0% failed, within the limit of 20%", id="below"),
        pytest.param(0.1, "amber: {}1 failed, 10.0% failed, within the limit of 10%", id="at"),
        pytest.param(0.05, "red: {}1 failed", id="above"),
    ],
)
def test_the_first_line_says_whether_failures_are_tolerated(tolerated, headline) -> None:
    """Red above the tolerated share, else amber, which Airflow shows as a good run."""
    story = Story(Settings(hourly=HourlySettings(tolerated_failed_share=tolerated)))
    said = story.tells(a_summary(0, ("1_1", FAILED, KILLED)))
    assert said[0] == headline.format("sensor scoring of 2018-08-29T02: ")


@pytest.mark.parametrize("sensors", [2_000, pytest.param(20_000, marks=pytest.mark.nightly)])
def test_thousands_of_sensors_cost_little(sensors: int) -> None:
    """A day of twenty thousand takes 3 MB, and an hour in which all spike takes a second or two."""
    story, names = Story(), [f"device-{number:05}_tag" for number in range(sensors)]
    story.tells(scored(0, **dict.fromkeys(names, 12)))
    day = {sensor: tuple(range(40, 64)) for sensor in names}
    story.known = replace(story.known, rates=day)
    started = time.process_time()
    said = story.tells(scored(1, **dict.fromkeys(names, 120)))
    assert time.process_time() - started < 10
    assert len(said) == 1 + 10 + 1
    assert len(story.known.to_json()) < 200 * sensors


def scored(number: int, **anomalies: int) -> Summary:
    """Return the summary of an hour with so many anomalies per sensor, among 240 readings."""
    sensors = tuple(
        SensorOutcome(sensor=sensor, outcome=SCORED, readings=240, anomalies=count)
        for sensor, count in anomalies.items()
    )
    return Summary(hour=hour(number), run="run", dag_run_id="r", sensors=sensors)


def test_an_anomaly_spike_is_told_once() -> None:
    """It is relative to the sensor's own past; neither its duration nor its end is news."""
    story = Story()
    for number in range(8):
        assert story.tells(scored(number, a=2 + number % 2, b=60)) == []
    assert story.tells(scored(8, a=90, b=62)) == [
        "green: sensor scoring of 2018-08-29T10: 1 with an anomaly spike",
        "Anomaly spike: a: 37.5% of 240 readings, usually 1.0%",
    ]
    assert story.tells(scored(8, a=90, b=62)) == [], "the same hour again"
    assert story.tells(scored(9, a=85, b=58)) == []
    assert story.tells(scored(10, a=3, b=60)) == []
    assert story.tells(scored(11, a=90, b=60))[1].startswith("Anomaly spike: a: 37.5%")


def test_the_highest_spikes_are_named() -> None:
    """The others are counted."""
    story = Story(Settings(alerts=AlertSettings(spikes_named=2)))
    for number in range(8):
        assert story.tells(scored(number, **{f"s{index}": 1 for index in range(5)})) == []
    said = story.tells(scored(8, **{f"s{index}": 50 + 10 * index for index in range(5)}))
    assert [line.split(": ")[1] for line in said[1:]] == ["s4", "s3", "and 3 more, see the summary"]


def test_an_older_hour_makes_no_past() -> None:
    """An hour that is scored again is not compared with later ones."""
    story = Story()
    for number in range(8):
        story.tells(scored(number, a=2))
    assert story.tells(scored(3, a=200)) == []
    assert story.known.rates == {"a": (8,) * 8}
    assert story.tells(scored(8, b=1)) == []
    assert story.known.rates == {"b": (4,)}, "a left the fleet"


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param(
            observation_of_late_run(hour(10), "r", "it is still running", ()), id="told-while-it-ran"
        ),
        pytest.param(observation_without_summary(hour(10), {"open": ""}), id="no-summary-at-first"),
    ],
)
def test_a_spike_is_seen_though_the_hour_was_told_of_before_it_was_scored(seen) -> None:
    """A message about a late or failed run does not discard the baseline."""
    story = Story()

    def share(number: int, anomalies: int) -> Summary:
        line = SensorOutcome(sensor="1_4", outcome=SCORED, readings=240, anomalies=anomalies)
        return Summary(hour=hour(number), run="run", dag_run_id="r", sensors=(line,))

    for number in range(10):
        story.tells(share(number, 2))
    news, story.known = story.known.after(seen)
    assert news
    assert "Anomaly spike: 1_4: 37.5% of 240 readings, usually 0.8%" in story.tells(share(10, 90))


@pytest.mark.behaviour("unclaimed")
def test_readings_that_nobody_scores_are_told_of_once() -> None:
    """Two are named, with where they belong; a sensor reported as silent may own them."""
    story, folder = Story(), "readings/2018/08/29/02"
    lost = {
        "unclaimed": 9,
        "unclaimed_named": (f"{folder}/0.csv", f"{folder}/1.csv"),
    }
    summary = a_summary(0, ("1_4", SILENT), **lost)
    assert Summary.from_json(summary.to_json()) == summary
    assert story.tells(summary) == [
        "green: sensor scoring of 2018-08-29T02: 1 silent, unclaimed readings",
        (
            f"Unclaimed readings: {folder}/0.csv, {folder}/1.csv and 7 more: no sensor's folder, "
            f"which would be {folder}/<sensor id>/<file>"
        ),
        "Silent (no readings): 1_4",
    ]
    assert story.tells(a_summary(1, ("1_4", SILENT), **lost)) == []
    assert story.tells(a_summary(2, ("1_4", SILENT))) == []
    assert story.tells(a_summary(3, ("1_4", SILENT), **lost))[0].endswith(": unclaimed readings")
