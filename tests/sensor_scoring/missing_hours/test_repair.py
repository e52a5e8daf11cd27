"""The commands that complete hours."""

from __future__ import annotations

import shlex

import pytest

from scoring_contract.hour import RunHour
from sensor_scoring.hourly.names import DAG_ID
from sensor_scoring.missing_hours.repair import Slot, joined, repairs

FREE, FAILED, DONE = Slot.FREE, Slot.FAILED, Slot.DONE
ACTIVE, TAKEN, UNKNOWN = Slot.ACTIVE, Slot.TAKEN, Slot.UNKNOWN


def hour(number: int) -> RunHour:
    """Return an hour of the day."""
    return RunHour.parse(f"2018-08-29T{number:02}")


def shortened(slots: dict[int, Slot]) -> list[str]:
    """Return the commands without their common parts, dates as hours."""
    found = [" ".join(repair.words) for repair in repairs({hour(each): slots[each] for each in slots})]
    common = (
        "backfill create --dag-id ",
        " --max-active-runs 2",
        ":00:00+00:00",
        "2018-08-29T",
        f"{DAG_ID} ",
    )
    for same in common:
        found = [line.replace(same, "") for line in found]
    return found


CASES = {
    "nothing": ({}, []),
    "an-outage": ({2: FREE, 3: FREE}, ["--from-date 02 --to-date 03 --reprocess-behavior none"]),
    "hours-with-a-run-are-skipped": (
        {2: FREE, 9: FREE},
        ["--from-date 02 --to-date 09 --reprocess-behavior none"],
    ),
    "failed-ones-too": ({2: FREE, 5: FAILED}, ["--from-date 02 --to-date 05 --reprocess-behavior failed"]),
    "neighbours": (
        {2: FREE, 3: DONE, 4: FAILED},
        ["--from-date 02 --to-date 04 --reprocess-behavior completed"],
    ),
    "what-a-backfill-would-skip-is-cleared": (
        {2: FREE, 5: DONE, 6: DONE},
        [
            "--from-date 02 --to-date 02 --reprocess-behavior none",
            "tasks clear --start-date 05 --end-date 06 --yes",
        ],
    ),
    "too-many-to-clear": (
        dict.fromkeys((1, 3, 5, 7), DONE),
        ["--from-date 01 --to-date 07 --reprocess-behavior completed"],
    ),
    "hidden-by-another-run": ({2: TAKEN}, ['dags trigger --conf {"hour": "02"}']),
    "somebody-is-at-it": ({2: ACTIVE}, []),
    "nobody-asked": (
        {2: UNKNOWN, 5: UNKNOWN},
        ["--from-date 02 --to-date 05 --reprocess-behavior completed"],
    ),
}


@pytest.mark.parametrize(("slots", "commands"), CASES.values(), ids=CASES)
def test_each_case_has_commands_that_do_not_get_into_each_others_way(slots, commands) -> None:
    """At most one backfill: Airflow refuses a second while one runs."""
    assert shortened(slots) == commands


def test_hours_that_are_scored_without_need_are_counted() -> None:
    """A backfill that reprocesses a range includes its complete hours."""
    (repair,) = repairs({hour(each): DONE for each in (1, 3, 5, 7)})
    assert repair.also == 3
    (repair,) = repairs({hour(each): FREE for each in (1, 3)})
    assert repair.also == 0


def test_a_command_can_be_pasted_into_a_shell() -> None:
    """The shell passes the same words to Airflow."""
    for slot in (FREE, DONE, TAKEN):
        (repair,) = repairs({hour(2): slot})
        assert shlex.split(str(repair)) == ["airflow", *repair.words]


def test_neighbours_are_joined_over_midnight() -> None:
    """Hours are joined, not dates."""
    late, early = RunHour.parse("2018-08-29T23"), RunHour.parse("2018-08-30T00")
    assert joined([hour(1), late, early]) == [(hour(1),), (late, early)]
