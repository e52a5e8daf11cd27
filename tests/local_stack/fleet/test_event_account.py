"""Where the events of ``make run INGEST=1`` went."""

from __future__ import annotations

from typing import Any

import pytest

from local_stack.fleet.event_chain import EventAccount

DEVICES = {"acknowledged": 100, "twice": 3}


def job(**changes: Any) -> dict[str, Any]:
    """Return the account of a job that has read a hundred events."""
    account = {
        "read": 100,
        "repeated": 0,
        "undecodable": 1,
        "without_time": 0,
        "without_key": 0,
        "placed": {"on time": 95, "dropped, late": 4},
        "in_windows": {"readings": 85},
        "filtered": {"readings": 0},
        "waiting": {"readings": 10},
        "rows_written": {"readings": 22},
    }
    return account | changes


def test_every_event_is_somewhere() -> None:
    """What was averaged, waits or was dropped, with the reason, makes what was sent."""
    account = EventAccount.of(DEVICES, job())
    assert account.lost == 0
    assert str(account) == (
        "100 events were sent, 3 of them twice: 85 are averaged in 22 readings, 10 are of minutes that are "
        "not over, 4 were dropped (late), 1 were dropped (undecodable), 0 are unaccounted for"
    )


def test_what_the_hub_delivers_again_is_no_event_more() -> None:
    """The job has read it twice and taken it once."""
    assert EventAccount.of(DEVICES, job(read=140, repeated=40)).lost == 0


@pytest.mark.parametrize(
    ("changes", "lost"),
    [
        pytest.param({"read": 98, "in_windows": {"readings": 83}}, 2, id="the job has not read all"),
        pytest.param(
            {"read": 140, "repeated": 48, "in_windows": {"readings": 77}},
            8,
            id="the job has skipped some that it had not taken",
        ),
        pytest.param({"in_windows": {"readings": 80}}, 5, id="the job has lost some"),
        pytest.param({"read": 101, "in_windows": {"readings": 86}}, 1, id="the job has read too many"),
    ],
)
def test_an_event_that_is_nowhere_is_counted(changes: dict[str, Any], lost: int) -> None:
    """A sum that does not come out is said, whichever side is short."""
    assert EventAccount.of(DEVICES, job(**changes)).lost == lost
