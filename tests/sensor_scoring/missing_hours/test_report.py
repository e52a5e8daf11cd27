"""The report on incomplete hours."""

from __future__ import annotations

import shlex

from scoring_contract.hour import RunHour
from sensor_scoring.missing_hours.gaps import Gap
from sensor_scoring.missing_hours.repair import Slot
from sensor_scoring.missing_hours.report import MissingReport

HOUR = RunHour.parse("2018-08-29T02")


def a_gap(hour: RunHour, *, is_under_way: bool = False) -> Gap:
    """Return an hour that was never scored."""
    return Gap(hour=hour, since=hour.end, is_unscored=True, unpredicted=("1_1",), is_under_way=is_under_way)


def test_the_table_says_what_is_missing_since_when_and_what_hides_it() -> None:
    """One line per hour, which also names a manual run in its place."""
    report = MissingReport.of([a_gap(HOUR), a_gap(HOUR.next)], {HOUR: Slot.FREE, HOUR.next: Slot.TAKEN})
    assert report.table() == [
        "hour           since                 what is missing",
        "2018-08-29T02  2018-08-29 03:00 UTC  never scored; 1 sensor without predictions (1_1)",
        (
            "2018-08-29T03  2018-08-29 04:00 UTC  never scored; 1 sensor without predictions (1_1), "
            "hidden by a run of another hour"
        ),
    ]
    assert [repair.hours for repair in report.repairs()] == [(HOUR,), (HOUR.next,)]


def test_an_hour_that_a_run_is_about_to_score_needs_no_command() -> None:
    """Whether Airflow reports the run, or a recent plan shows it."""
    gaps = [a_gap(HOUR), a_gap(HOUR.next, is_under_way=True)]
    report = MissingReport.of(gaps, {HOUR: Slot.ACTIVE, HOUR.next: Slot.DONE})
    assert (report.unattended, report.repairs()) == ((), [])
    assert all(line.endswith("(a run is under way)") for line in report.table()[1:])
    assert report.commands() == ["Where a run is under way, look again when it has ended."]


def test_commands_can_be_shown_for_another_shell() -> None:
    """What follows ``airflow`` is passed on as one word."""
    report = MissingReport.of([a_gap(HOUR)], {HOUR: Slot.TAKEN})
    heading, plain, paused = report.commands()
    assert heading == "To complete them:"
    assert paused == "A DAG that is paused runs none of it: airflow dags unpause hourly_scoring"
    assert plain == """  airflow dags trigger hourly_scoring --conf '{"hour": "2018-08-29T02"}'"""
    _, wrapped, _ = report.commands(lambda words: f"make airflow DO={shlex.quote(shlex.join(words))}")
    (word,) = shlex.split(wrapped.strip())[2:]
    assert shlex.split(word.removeprefix("DO=")) == shlex.split(plain)[1:]


def test_hours_that_are_scored_again_without_need_are_mentioned() -> None:
    """A backfill that reprocesses a range includes complete hours."""
    hours = [HOUR, *(RunHour.parse(f"2018-08-29T{number:02}") for number in (4, 6, 8))]
    report = MissingReport.of([a_gap(hour) for hour in hours], dict.fromkeys(hours, Slot.DONE))
    assert report.commands()[-2] == "  (scores again 3 complete hours between them)"
