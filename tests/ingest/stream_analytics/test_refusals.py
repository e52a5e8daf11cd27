"""What is not run here is refused where it stands, never approximated."""

from __future__ import annotations

import pickle
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.stream_analytics.errors import JobRefused, QueryRefused
from ingest.stream_analytics.language.plan import plan_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ingest.stream_analytics.language.plan import Plan

FILE = Path(__file__).parents[3] / "docs" / "stream_refusals.toml"
REFUSALS = tomllib.loads(FILE.read_text(encoding="utf-8"))["refusal"]
COUNT = "SELECT COUNT(*) AS n FROM input GROUP BY Tumbling(minute, 1)"


def plan(query: str) -> Plan:
    """Plan a query for a job with an input and an output."""
    return plan_of(query, streams=["input"], references=["r"], outputs=["output"])


@pytest.mark.parametrize("refusal", [pytest.param(one, id=one["what"]) for one in REFUSALS])
def test_a_construct_is_refused_by_name_and_place(refusal: Mapping[str, str]) -> None:
    """The message names the word, and the line and column where it stands."""
    text = refusal.get("tables", "") + refusal["query"]
    place = text.index("^")
    query = text.replace("^", "")
    with pytest.raises(QueryRefused) as caught:
        plan(query)
    line = query.count("\n", 0, place) + 1
    column = place - query.rfind("\n", 0, place)
    assert (caught.value.line, caught.value.column) == (line, column), caught.value
    assert refusal["word"].lower() in caught.value.problem.lower()


@pytest.mark.parametrize(
    "query",
    [
        "",
        "SELECT",
        "SELECT 1",
        "SELECT 'a",
        "SELECT COUNT(*) AS n FROM input TIMESTAMP BY",
        "SELECT COUNT(*) AS n FROM input TIMESTAMP BY a TIMESTAMP BY b GROUP BY Tumbling(minute, 1)",
        "SELECT COUNT(*) AS n FROM input TIMESTAMP BY System.Timestamp() GROUP BY Tumbling(minute, 1)",
        "SELECT COUNT(*) FROM input GROUP BY Tumbling(minute, 1)",
        "SELECT System.Timestamp FROM input GROUP BY Tumbling(minute, 1)",
        "SELECT COUNT(*) AS n FROM input GROUP BY Tumbling(day, 8)",
        "SELECT COUNT(*) AS n FROM input GROUP BY Tumbling(minute, 1), Tumbling(minute, 2)",
        "SELECT COUNT(*) AS n, COUNT(*) AS N FROM input GROUP BY Tumbling(minute, 1)",
        "SELECT COUNT(*) AS n INTO elsewhere FROM input GROUP BY Tumbling(minute, 1)",
        f"{COUNT}; {COUNT}",
        "DELETE FROM input",
        "SELECT ISNULL(a, b) AS x FROM input GROUP BY Tumbling(minute, 1)",
        "SELECT IIF(1 = 1, 2, 3) AS x FROM input GROUP BY Tumbling(minute, 1)",
        "SELECT TOP 5 COUNT(*) AS n FROM input GROUP BY Tumbling(minute, 1)",
        "SELECT DISTINCT COUNT(*) AS n FROM input GROUP BY Tumbling(minute, 1)",
        "SELECT COUNT(*) AS n FROM input, r GROUP BY Tumbling(minute, 1)",
        "SELECT COUNT(*) AS n FROM db.input GROUP BY Tumbling(minute, 1)",
        "SELECT x FROM (SELECT x FROM input) AS q",
        "CREATE TABLE input (v nvarchar(10)); " + COUNT,
        "CREATE TABLE input (v bigint NOT NULL); " + COUNT,
        "SELECT NULL AS n FROM input GROUP BY Tumbling(minute, 1)",
        "SELECT COUNT(*) AS n FROM input WHERE CAST(a AS nvarchar(max)) = 1 GROUP BY Tumbling(minute, 1)",
        "SELECT COUNT(*) AS n FROM input PARTITION BY PartitionId GROUP BY PartitionId, Tumbling(minute, 1)",
    ],
)
def test_what_is_wrong_is_refused(query) -> None:
    """Text that is no query, or has no one meaning, is refused too."""
    with pytest.raises(QueryRefused):
        plan(query)


def test_a_refusal_survives_pickling() -> None:
    """Its facts reach another process."""
    with pytest.raises(QueryRefused) as caught:
        plan("SELECT LAG(x) AS y FROM input")
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own error
    assert (again.line, again.column, str(again)) == (1, 8, str(caught.value))


def test_a_job_has_one_input_with_events() -> None:
    """Two streams would have two times."""
    with pytest.raises(JobRefused):
        plan_of(COUNT, streams=["input", "other"], references=[], outputs=["output"])


_WORDS = """
SELECT FROM input WHERE GROUP BY Tumbling ( minute , 1 ) AS x COUNT * CASE WHEN THEN ELSE END + -
= < 'a' NULL AND NOT IS IN BETWEEN TIMESTAMP OVER PARTITION PartitionId CAST nvarchar max DATEADD second
System . ; INTO output WITH JOIN r ON HAVING
"""


@given(words=st.lists(st.sampled_from(_WORDS.split()), max_size=25).map(" ".join))
def test_any_words_are_planned_or_refused(words) -> None:
    """No text whatever ends in another error, and each refusal has its place."""
    place = (1, 1)
    try:
        plan(words)
    except QueryRefused as error:
        place = (error.line, error.column)
    assert (1, 1) <= place <= (1, len(words) + 1)
