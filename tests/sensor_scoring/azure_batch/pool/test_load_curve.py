"""Waiting and running Batch tasks over time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sensor_scoring.azure_batch.pool.load_curve import LoadCurve, nodes_of
from sensor_scoring.azure_batch.task_span import TaskSpan

MADE = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
NOW = MADE + timedelta(minutes=10)


def at(seconds: float) -> datetime:
    """Return a moment so long after the tasks were made."""
    return MADE + timedelta(seconds=seconds)


def ran(start: float, end: float, node: str = "n", result: str = "success") -> TaskSpan:
    """Describe a task that ran from one second to another."""
    return TaskSpan(
        job="j",
        id=f"{start}",
        state="completed",
        result=result,
        created=MADE,
        started=at(start),
        ended=at(end),
        node=node,
    )


def test_what_waits_and_runs_is_counted_from_one_change_to_the_next() -> None:
    """With the nodes that work."""
    curve = LoadCurve.of([ran(10, 30), ran(20, 40), ran(10, 20, "m")])
    assert curve.at == (at(0), at(10), at(20), at(30), at(40))
    assert curve.waiting == (3, 1, 0, 0, 0)
    assert curve.running == (0, 2, 2, 1, 0)
    assert curve.nodes == (0, 2, 1, 1, 0)


def test_changes_within_a_second_are_one_step() -> None:
    """A thousand tasks begin in a few seconds."""
    curve = LoadCurve.of([ran(10.1, 20.9), ran(10.8, 20.2)])
    assert curve.at == (at(0), at(10), at(20))
    assert curve.waiting == (2, 0, 0)
    assert curve.running == (0, 2, 0)


def test_what_goes_on_is_in_the_last_step() -> None:
    """Nobody knows when it ends."""
    waits = TaskSpan(job="j", id="w", state="active", created=MADE)
    runs = TaskSpan(job="j", id="r", state="running", created=MADE, started=at(30), node="m")
    curve = LoadCurve.of([waits, runs])
    assert (curve.at, curve.waiting, curve.running, curve.nodes) == ((at(0), at(30)), (2, 1), (0, 1), (0, 1))


def test_without_tasks_there_is_no_curve() -> None:
    """Nor with tasks whose times nobody knows."""
    assert LoadCurve.of([]) == LoadCurve()
    assert LoadCurve.of([TaskSpan(job="j", id="t", state="completed", ended=NOW)]) == LoadCurve()


@given(
    st.lists(
        st.tuples(st.floats(0, 300), st.floats(0, 300), st.sampled_from("abc")).map(
            lambda drawn: ran(drawn[0], drawn[0] + drawn[1], drawn[2])
        ),
        max_size=20,
    )
)
def test_nothing_is_left_when_all_has_ended(spans: list[TaskSpan]) -> None:
    """No count is ever below zero, and no more run than there are."""
    curve = LoadCurve.of(spans)
    assert all(count >= 0 for count in (*curve.waiting, *curve.running, *curve.nodes))
    assert [steps[-1:] for steps in (curve.waiting, curve.running, curve.nodes)] == (
        [(0,)] * 3 if spans else [()] * 3
    )
    assert max(curve.running, default=0) <= len(spans)
    assert list(curve.at) == sorted(set(curve.at))


def test_nodes_are_known_by_what_ran_on_them() -> None:
    """In the order in which they began; a task that waits has none."""
    waits = TaskSpan(job="j", id="w", state="active", created=MADE)
    runs = TaskSpan(job="j", id="r", state="running", created=MADE, started=at(30), node="m")
    late, early = nodes_of([waits, runs, ran(10, 30, "m", "failure"), ran(5, 6)], now=NOW)[::-1]
    assert (early.id, early.tasks, early.running, early.failed, early.busy_seconds) == ("n", 1, 0, 0, 1.0)
    assert (late.id, late.tasks, late.running, late.failed) == ("m", 2, 1, 1)
    assert (late.first, late.last) == (at(10), NOW)
    assert late.busy_seconds == 20 + 570
