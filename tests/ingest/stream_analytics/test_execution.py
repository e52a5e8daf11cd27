"""What DuckDB computes, where its own rules are not those of Stream Analytics."""

from __future__ import annotations

import pytest

from ingest.stream_analytics.errors import JobFailed, QueryRefused
from ingest.stream_analytics.ticks import read_ticks, text_of
from tests.support.stream_jobs import a_job, a_run, an_event

TABLE = "CREATE TABLE input (T datetime, V bigint);"
FROM = "FROM input TIMESTAMP BY T GROUP BY Tumbling(minute, 1)"


@pytest.mark.parametrize(
    "moment",
    ["1969-12-31T23:59:59.9999995Z", "1970-01-01T00:00:00.0000000Z", "2018-08-29T02:10:00.0000001Z"],
)
def test_a_moment_keeps_its_seven_digits(tmp_path, moment) -> None:
    """As text, before 1970 and after."""
    run = a_run(f"{TABLE} SELECT CAST(MIN(T) AS nvarchar(max)) AS M {FROM}", a_job(late=-1), tmp_path)
    later = text_of((read_ticks(moment) or 0) + 1_200_000_000)
    run.send([an_event({"T": time}, enqueued=time, sequence=n) for n, time in enumerate((moment, later))])
    assert [row["M"] for row in run.rows()] == [moment]


def test_an_overflow_stops_the_job(tmp_path) -> None:
    """A sum beyond bigint has no right value; the state stays before it."""
    run = a_run(f"{TABLE} SELECT SUM(V) AS S {FROM}", a_job(late=-1), tmp_path)
    times = [f"2018-08-29T02:10:0{second}Z" for second in (1, 2)] + ["2018-08-29T02:20:00Z"]
    events = [
        an_event({"T": time, "V": 2**63 - 1}, enqueued=time, sequence=n) for n, time in enumerate(times)
    ]
    with pytest.raises(JobFailed, match="output"):
        run.send(events)


def test_reference_data_without_a_column_of_the_query_stops_the_job(tmp_path) -> None:
    """At its start, and the message names the column."""
    query = "SELECT r.name AS N, COUNT(*) AS C FROM input i JOIN r ON CAST(i.V AS nvarchar(max)) = r.id"
    with pytest.raises(JobFailed, match="has no column name"):
        a_run(
            f"{TABLE} {query} GROUP BY r.name, Tumbling(minute, 1)",
            a_job(references=["r"]),
            tmp_path,
            references={"r": "id,title\n1,a\n"},
        )


def test_names_of_hidden_columns_are_taken(tmp_path) -> None:
    """No column of an event can stand in for the window's end."""
    with pytest.raises(QueryRefused, match="taken"):
        a_run(f"CREATE TABLE input (__end bigint); SELECT COUNT(*) AS C {FROM}", a_job(), tmp_path)


def test_the_state_of_another_query_is_refused(tmp_path) -> None:
    """Its events have other columns; the message says what to do."""
    a_run(f"{TABLE} SELECT COUNT(*) AS C {FROM}", a_job(), tmp_path).runner.close()
    with pytest.raises(JobFailed, match="another query"):
        a_run(f"{TABLE} SELECT SUM(V) AS C {FROM}", a_job(), tmp_path)


def test_a_silent_partition_progresses_by_the_clock(tmp_path) -> None:
    """Its watermark is the estimated time of arrival minus the late arrival tolerance; then windows close."""
    seconds = [0.0]
    run = a_run(f"{TABLE} SELECT COUNT(*) AS C {FROM}", a_job(late=5), tmp_path, clock=lambda: seconds[0])
    run.send([an_event({"T": "2018-08-29T02:10:30Z"}, enqueued="2018-08-29T02:10:30Z")])
    for waited, closed in ((35.0, 0), (35.1, 1)):
        seconds[0] = waited
        run.send([], idle=["0"])
        assert len(run.rows()) == closed


def test_saves_take_a_tenth_of_the_time(tmp_path) -> None:
    """Rows are written at once; after a save of a second the next is nine seconds away, events or not."""
    seconds, saves = [0.0], []

    def saved(_: object) -> None:
        seconds[0] += 1.0
        saves.append(seconds[0])

    query = f"{TABLE} SELECT COUNT(*) AS C {FROM}"
    run = a_run(query, a_job(late=-1), tmp_path, clock=lambda: seconds[0], on_saved=saved)
    for minute in range(4):
        time = f"2018-08-29T02:1{minute}:30Z"
        run.send([an_event({"T": time}, enqueued=time, sequence=minute)])
    assert len(run.rows()) == 3
    for now, count in ((9.9, 1), (10.0, 2)):
        seconds[0] = now
        run.send([])
        assert len(saves) == count


def test_what_is_written_after_the_last_save_may_be_written_again(tmp_path) -> None:
    """A job that was killed takes the events since then once more, and says how many rows that repeats."""
    seconds = [0.0]

    def saved(_: object) -> None:
        seconds[0] += 1.0

    query = f"{TABLE} SELECT COUNT(*) AS C {FROM}"
    run = a_run(query, a_job(late=-1), tmp_path, clock=lambda: seconds[0], on_saved=saved)
    for minute in range(4):
        time = f"2018-08-29T02:1{minute}:30Z"
        run.send([an_event({"T": time}, enqueued=time, sequence=minute)])
    run.runner.close()
    again = a_run(query, a_job(late=-1), tmp_path).runner
    assert (again.counts.read, again.counts.rows_perhaps_again) == (2, 2)
    again.close()
