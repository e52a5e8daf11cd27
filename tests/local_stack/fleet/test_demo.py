"""When the day of a new stack is scored, and when not; ``integration/test_demo.py`` does it for real."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest

from local_stack.fleet.demo import Demo
from local_stack.services.processes import StackError
from scoring_contract.hour import RunHour

if TYPE_CHECKING:
    from pathlib import Path

    from local_stack.airflow.client import AirflowClient
    from local_stack.fleet.live_fleet import LiveFleet

LAST = RunHour.parse("2026-11-28T19")


@dataclass
class Instance:
    """A task instance."""

    task_id: str
    state: str


@dataclass
class Web:
    """An Airflow, and what was asked of it."""

    is_parsed: bool = True
    run: str = "success"
    """State of the scheduler's own run; empty if there is none."""
    settle: str = "success"
    summarise: str = ""
    kind: str = "scheduled"
    begun: list[dict[str, Any]] = field(default_factory=list)
    asked: list[Any] = field(default_factory=list)

    def knows(self, _dag: str) -> bool:
        """Whether the DAG has been parsed."""
        return self.is_parsed

    def unpause(self, dag: str) -> None:
        """Unpause it."""
        self.asked.append(("unpause", dag))

    def pause(self, dag: str) -> None:
        """Pause it."""
        self.asked.append(("pause", dag))

    def runs(self, _dag: str) -> list[dict[str, Any]]:
        """Return the runs."""
        return [{"dag_run_id": "r", "state": self.run, "run_type": self.kind}] if self.run else []

    def task_instances(self, _dag: str, _run: str, *, task_id: str = "") -> list[Instance]:
        """Return its instances, or those of one of its tasks."""
        found = [Instance("settle", self.settle), Instance("summarise", self.summarise)]
        return [each for each in found if task_id in {"", each.task_id}]

    def mark_run(self, _dag: str, run: str, state: str) -> None:
        """Mark a run."""
        self.asked.append((state, run))

    def backfills(self, _dag: str) -> list[dict[str, Any]]:
        """Return the backfills there are."""
        return self.begun

    def backfill(self, dag: str, first: str, last: str, **options: Any) -> int:
        """Start one."""
        self.asked.append(("backfill", dag, first, last, options["run_backwards"]))
        self.begun.append({"id": 7, "from_date": first, "to_date": last})
        return 7

    def cancel_backfill(self, number: int) -> None:
        """Cancel one."""
        self.asked.append(("cancel", number))


@dataclass
class Fleet:
    """A fleet that sends, or has ended."""

    is_sending: bool = True
    forgotten: int = 0

    def forget(self) -> None:
        """Remove what was found."""
        self.forgotten += 1


def go_on(demo: Demo | None, web: Web, fleet: Fleet | None = None) -> str:
    """Let the owner of the stack look once."""
    assert demo is not None
    fleet = fleet or Fleet()
    if not demo.is_due(is_sending=fleet.is_sending):
        return ""
    return demo.go_on(cast("AirflowClient", web), cast("LiveFleet", fleet))


BEGUN = [
    ("unpause", "hourly_scoring"),
    ("backfill", "hourly_scoring", "2026-11-27T20:00:00+00:00", "2026-11-28T19:00:00+00:00", True),
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return the file that keeps the state."""
    return tmp_path / "demo.json"


def test_the_day_is_scored_once_in_the_life_of_a_stack(file: Path) -> None:
    """However often that is started."""
    web = Web()
    assert "newest first" in go_on(Demo.of(file, new=LAST), web)
    for _ in range(3):
        again = Demo.of(file, new=LAST)
        assert again is not None
        assert (again.is_coming, again.has_begun) == (False, True)
        assert go_on(again, web) == ""
    assert web.asked == BEGUN


def test_a_stack_that_is_not_new_has_no_demo(file: Path) -> None:
    """Nor has one whose maker wants none, now or after a start that was interrupted."""
    assert Demo.of(file, new=None) is None
    assert Demo.of(file, new=LAST, is_wanted=False) is None
    assert Demo.of(file, new=LAST) is not None
    assert Demo.of(file, new=LAST, is_wanted=False) is None
    assert Demo.of(file, new=None) is None


def test_a_day_that_has_begun_is_looked_after_whoever_wants_it(file: Path) -> None:
    """Airflow scores it anyway, until there are other readings."""
    go_on(Demo.of(file, new=LAST), Web())
    demo = Demo.of(file, new=None, is_wanted=False)
    assert demo is not None
    assert demo.is_due(is_sending=False)


def test_a_start_that_was_interrupted_goes_on_with_the_same_day(file: Path) -> None:
    """The readings are there; whether the backfill was begun, Airflow knows. People's own are theirs."""
    Demo.of(file, new=LAST)
    resumed = Demo.of(file, new=None)
    assert resumed is not None
    assert (resumed.is_coming, resumed.day.last) == (True, LAST)
    ours = {"id": 3, "from_date": "2026-11-27T20:00:00Z", "to_date": "2026-11-28T19:00:00Z"}
    web = Web(begun=[{**ours, "id": 4, "from_date": "2026-11-28T19:00:00Z"}, ours])
    go_on(resumed, web)
    assert web.asked == BEGUN[:1]
    assert resumed.backfill == 3


@pytest.mark.parametrize(
    "web",
    [
        pytest.param(Web(is_parsed=False), id="not-parsed"),
        pytest.param(Web(run=""), id="not-scheduled"),
        pytest.param(Web(run="running"), id="at-work"),
        pytest.param(Web(run="queued", settle=""), id="queued"),
    ],
)
def test_the_live_hour_goes_ahead(file: Path, web: Web) -> None:
    """Nothing of the day is begun before it is scored, whatever that takes."""
    demo = Demo.of(file, new=LAST)
    for _ in range(2):
        assert go_on(demo, web) == ""
    assert [asked for asked in web.asked if asked[0] != "unpause"] == []
    web.is_parsed, web.run = True, "failed"
    assert go_on(demo, web)
    assert web.asked == BEGUN


def test_an_hour_that_waits_for_late_readings_keeps_nobody_waiting(file: Path) -> None:
    """That can be minutes, in which nothing else would be done."""
    web = Web(run="running", settle="deferred")
    assert go_on(Demo.of(file, new=LAST), web)
    assert web.asked == BEGUN


def test_readings_of_ones_own_end_it(file: Path) -> None:
    """For good: its runs go no further, its results are gone, and the DAG is as a new stack has it."""
    web, fleet = Web(), Fleet()
    demo = Demo.of(file, new=LAST)
    go_on(demo, web)
    web.asked.clear()
    web.run, web.kind, fleet.is_sending = "running", "backfill", False
    assert go_on(demo, web, fleet) == ""
    assert web.asked == [("cancel", 7), ("unpause", "hourly_scoring"), ("failed", "r")]
    assert fleet.forgotten == 0, "its Batch jobs are to be closed first"
    web.run = "failed"
    assert "is over" in go_on(demo, web, fleet)
    assert web.asked[3:] == [("cancel", 7), ("pause", "hourly_scoring")]
    assert fleet.forgotten == 1
    assert go_on(demo, web, fleet) == ""
    over = Demo.of(file, new=None)
    assert over is not None
    assert not over.is_due(is_sending=False)
    assert (over.is_coming, over.has_begun) == (False, False)


def test_a_run_that_writes_its_record_is_let_do_so(file: Path) -> None:
    """It could otherwise leave one after the others are gone."""
    web = Web(run="running", summarise="running")
    demo = Demo.of(file, new=LAST)
    assert go_on(demo, web, Fleet(is_sending=False)) == ""
    assert web.asked == [("unpause", "hourly_scoring")]
    web.summarise = "success"
    assert go_on(demo, web, Fleet(is_sending=False)) == ""
    assert web.asked[-1] == ("failed", "r")


@pytest.mark.parametrize(
    "web",
    [
        pytest.param(Web(run=""), id="no-run"),
        pytest.param(Web(run="running", kind="manual"), id="a-persons-run"),
        pytest.param(Web(), id="run-is-over"),
    ],
)
def test_nothing_else_is_touched_when_it_ends(file: Path, web: Web) -> None:
    """Least of all the runs that people have triggered."""
    assert go_on(Demo.of(file, new=LAST), web, Fleet(is_sending=False))
    assert web.asked == [("pause", "hourly_scoring")]


def test_what_airflow_refuses_is_attempted_again(file: Path) -> None:
    """It may be restarting."""

    class Refusing(Web):
        def backfill(self, *_words: str, **_options: Any) -> int:
            raise StackError("500")

    demo = Demo.of(file, new=LAST)
    with pytest.raises(StackError):
        go_on(demo, Refusing())
    assert go_on(demo, web := Web())
    assert web.asked == BEGUN[1:]
