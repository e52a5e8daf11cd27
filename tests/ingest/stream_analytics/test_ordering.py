"""Random events in random order: the windows are those of an oracle in plain Python."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from tests.support.stream_jobs import a_job, a_run, an_event, ticks

if TYPE_CHECKING:
    from pathlib import Path

    from ingest.stream_analytics.events.event_source import Event

SECOND = 10_000_000
START = ticks("2018-08-29T02:00:00Z")
COLUMNS = "SELECT System.Timestamp() AS E, Id, COUNT(*) AS N, SUM(V) AS Total, MIN(V) AS Low, MAX(V) AS High"
TABLE = "CREATE TABLE input (T datetime, Id nvarchar(max), V bigint);"
TIMES = {False: "TIMESTAMP BY T", True: "TIMESTAMP BY T OVER Id, PartitionId PARTITION BY PartitionId"}

EVENTS = st.lists(
    st.tuples(
        st.integers(0, 3),  # seconds after the event before
        st.integers(-400, 40),  # its time, in seconds after its arrival
        st.integers(0, 9_999_999),  # ticks
        st.sampled_from("abc"),
        st.integers(-5, 5),
        st.sampled_from("01"),
    ),
    max_size=40,
)


def oracle(events, *, late, disorder, drop, separate, size, hop) -> dict[tuple[int, str, str], list[int]]:
    """Put every event into its windows, one at a time; return the values in each that has closed."""
    largest: dict[object, int] = {}
    marks: dict[object, int] = {}
    floors: dict[str, int] = {}
    windows = defaultdict(list)
    for arrival, time, who, value, partition in events:
        line = (partition, who) if separate else partition
        floors[partition] = max(floors.get(partition, 0), arrival - late)
        if time > arrival + 300 * SECOND:
            continue
        at = time
        if arrival - at > late:
            if drop:
                continue
            at = arrival - late
        mark = max(marks.get(line, 0), floors[partition] if separate else 0)
        if at < mark:
            if drop:
                continue
            at = mark
        largest[line] = max(largest.get(line, 0), at)
        marks[line] = max(mark, largest[line] - disorder)
        end = math.ceil(at / hop) * hop
        while end - size < at:
            windows[end, who, partition if separate else ""].append((value, line))
            end += hop
    closed: dict[tuple[int, str, str], list[int]] = defaultdict(list)
    lowest = min(marks.values()) if {"0", "1"} <= marks.keys() else 0
    for (end, who, partition), items in windows.items():
        mark = max(marks.get((partition, who), 0), floors.get(partition, 0)) if separate else lowest
        if end < mark:
            closed[end, who, partition] += [value for value, _ in items]
    return closed


@given(
    drawn=EVENTS,
    late=st.sampled_from([0, 5, 60, 300]),
    disorder=st.sampled_from([0, 2, 30]),
    drop=st.booleans(),
    separate=st.booleans(),
    window=st.sampled_from([(60, 60), (10, 10), (60, 20)]),
    size=st.integers(1, 10),
)
def test_windows_are_those_of_the_oracle(
    tmp_path_factory, *, drawn, late, disorder, drop, separate, window, size
) -> None:
    """Whatever the order, policies, batches and a restart in the middle, each window has its rows once."""
    folder: Path = tmp_path_factory.mktemp("job")
    events, sent, arrival = [], [], START
    for number, (gap, after, rest, who, value, partition) in enumerate(drawn):
        arrival += gap * SECOND
        time = arrival + after * SECOND + rest
        events.append((arrival, time, who, value, partition))
        body = {"T": text(time), "Id": who, "V": value}
        sent.append(an_event(body, enqueued=arrival, sequence=number, partition=partition))
    keys = "PartitionId, Id" if separate else "Id"
    query = (
        f"{TABLE} {COLUMNS}{', PartitionId' if separate else ''} FROM input {TIMES[separate]} "
        f"GROUP BY {keys}, HoppingWindow(second, {window[0]}, {window[1]})"
    )
    job = a_job(late=late, disorder=disorder, policy="Drop" if drop else "Adjust")
    rows = [*halves(query, job, folder, sent, size)]
    expected = oracle(
        events,
        late=late * SECOND,
        disorder=disorder * SECOND,
        drop=drop,
        separate=separate,
        size=window[0] * SECOND,
        hop=window[1] * SECOND,
    )
    got = sorted(
        (row["E"], row["Id"], str(row.get("PartitionId", "")), row["N"], row["Total"]) for row in rows
    )
    assert got == sorted((*key, len(values), sum(values)) for key, values in expected.items())
    assert {(row["Low"], row["High"]) for row in rows} == {(min(v), max(v)) for v in expected.values()}


def halves(query: str, job: str, folder: Path, events: list[Event], size: int) -> list[dict[str, Any]]:
    """Run a job on half of the events, then from its state on the rest; some are delivered again."""
    rows: list[dict[str, Any]] = []
    middle = len(events) // 2
    for part in (events[:middle], events[max(middle - 3, 0) :]):
        run = a_run(query, job, folder, partitions=["0", "1"])
        for start in range(0, len(part), size):
            run.send(part[start : start + size])
        run.runner._save()
        run.runner.close()
        rows += run.rows()
    return rows


def text(time: int) -> str:
    """Write a moment with all its digits."""
    from ingest.stream_analytics.ticks import text_of  # noqa: PLC0415

    return text_of(time)
