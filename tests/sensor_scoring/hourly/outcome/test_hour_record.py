"""The history's record of an hour, and what becomes of it when several runs score the hour."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scoring_contract.errors import MessageError
from scoring_contract.hour import RunHour
from scoring_contract.planned_at import planned_at
from sensor_scoring.azure_batch.pool.usage import PoolUse
from sensor_scoring.hourly.outcome.hour_record import HourRecord
from sensor_scoring.hourly.outcome.summary import Outcome, SensorOutcome, Summary

HOUR = RunHour.parse("2018-08-29T02")
NOW = datetime(2018, 8, 29, 4, tzinfo=UTC)


def a_summary(run: str = "a", *, minute: int = 0, clears: int = 0, **outcomes: Outcome) -> Summary:
    """Return the summary of a run that planned so many minutes after three.

    :param outcomes: a sensor's tag to its outcome
    """
    return Summary(
        hour=HOUR,
        run=run,
        dag_run_id=f"manual__{run}",
        sensors=tuple(
            SensorOutcome(sensor=f"1_{tag[1:]}", outcome=outcome) for tag, outcome in outcomes.items()
        ),
        planned_at=planned_at(HOUR.end + timedelta(minutes=minute)),
        colour="green",
        clears=clears,
    )


def a_record(run: str = "a", **facts: Any) -> HourRecord:
    """Return the record of that."""
    return HourRecord.of(a_summary(run, **facts))


def outcomes_of(record: HourRecord) -> dict[str, tuple[str, str]]:
    """Return each sensor's outcome, and the run that says so."""
    return {
        line.sensor: (line.outcome.value, record.earlier.get(line.sensor, record.newest).run)
        for line in record.sensors
    }


def body_of(stored: bytes) -> dict[str, Any]:
    """Return the JSON of a blob."""
    body: dict[str, Any] = json.loads(gzip.decompress(stored))
    return body


def test_a_record_has_a_column_for_each_fact() -> None:
    """Outcomes are letters, and a sentence that many sensors share is there once."""
    lines = (
        SensorOutcome(
            sensor="1_1", outcome=Outcome.SCORED, readings=240, anomalies=3, rejected=1, seconds=0.01249
        ),
        SensorOutcome(sensor="1_2", outcome=Outcome.FAILED, reason="<b>no model</b>\nfile"),
        SensorOutcome(sensor="1_3", outcome=Outcome.FAILED, reason="<b>no model</b>\nfile"),
        SensorOutcome(sensor="1_4", outcome=Outcome.SILENT),
        SensorOutcome(sensor="2_1", outcome=Outcome.UNMODELLED),
    )
    used = PoolUse(pool_id="pool", node_hours=1.2, spot_node_hours=0.3, cost=0.12)
    stored = HourRecord.of(replace(a_summary(clears=1), sensors=lines, pool=used)).to_bytes(written_at=NOW)
    assert body_of(stored) == {
        "format": 1,
        "hour": "2018-08-29T02",
        "run": "a",
        "dag_run_id": "manual__a",
        "planned_at": "2018-08-29T03:00:00.000000Z",
        "clears": 1,
        "colour": "green",
        "node_hours": 1.5,
        "cost": 0.12,
        "sensors": ["1_1", "1_2", "1_3", "1_4", "2_1"],
        "outcome": "SFFQU",
        "readings": [240, 0, 0, 0, 0],
        "anomalies": [3, 0, 0, 0, 0],
        "rejected": [1, 0, 0, 0, 0],
        "milliseconds": [12, 0, 0, 0, 0],
        "reasons": ["<b>no model</b>\nfile"],
        "reason": {"1": 0, "2": 0},
        "earlier_runs": [],
        "earlier": {},
        "written_at": "2018-08-29T04:00:00Z",
    }


def test_a_record_reads_back() -> None:
    """With what it took from an earlier run, and reasons of any characters."""
    failed = SensorOutcome(sensor="1_1", outcome=Outcome.FAILED, reason='"a\nb" \N{SNOWMAN}')
    first = replace(a_record(s2=Outcome.SCORED), sensors=(failed, *a_record(s2=Outcome.SCORED).sensors))
    merged = first.merged_with(a_record("b", minute=9, s2=Outcome.SILENT), now=NOW)
    assert HourRecord.from_bytes(merged.to_bytes(written_at=NOW)) == merged
    assert outcomes_of(merged) == {"1_1": ("failed", "a"), "1_2": ("silent", "b")}


def test_the_run_with_the_newest_plan_counts_whichever_ends_last() -> None:
    """Its predictions are those that stay, for an older plan never overwrites them."""
    older = a_record("a", minute=0, s1=Outcome.SCORED, s2=Outcome.FAILED)
    newer = replace(
        a_record("b", minute=9, s1=Outcome.FAILED, s2=Outcome.SCORED), colour="red", node_hours=2.0
    )
    for record in (older.merged_with(newer, now=NOW), newer.merged_with(older, now=NOW)):
        assert outcomes_of(record) == {"1_1": ("failed", "b"), "1_2": ("scored", "b")}
        assert (record.newest.dag_run_id, record.colour, record.node_hours) == ("manual__b", "red", 2.0)


def test_a_run_of_a_few_sensors_erases_no_other() -> None:
    """What it does not know stays as an earlier run left it, in any order of writing."""
    whole = a_record("a", minute=0, s1=Outcome.SCORED, s2=Outcome.SCORED, s3=Outcome.SILENT)
    few = a_record("b", minute=5, s2=Outcome.FAILED)
    between = a_record("c", minute=3, s3=Outcome.SCORED)
    expected = {"1_1": ("scored", "a"), "1_2": ("failed", "b"), "1_3": ("scored", "c")}
    for first, second, third in ((whole, few, between), (few, between, whole), (between, whole, few)):
        record = first.merged_with(second, now=NOW).merged_with(third, now=NOW)
        assert outcomes_of(record) == expected
        assert record.newest.run == "b"


def test_a_summary_that_is_made_anew_replaces_what_its_run_said() -> None:
    """After a clear; an older one of the same run that is written late changes nothing."""
    before = a_record(clears=0, s1=Outcome.FAILED)
    after = a_record(clears=1, s1=Outcome.SCORED)
    for record in (before.merged_with(after, now=NOW), after.merged_with(before, now=NOW)):
        assert outcomes_of(record) == {"1_1": ("scored", "a")}
    again = a_record(clears=0, s1=Outcome.SILENT)
    assert outcomes_of(before.merged_with(again, now=NOW)) == {"1_1": ("silent", "a")}


def test_a_run_that_plans_again_takes_back_sensors_that_it_no_longer_has() -> None:
    """Else a sensor that was removed meanwhile would stay in the hour for good."""
    before = a_record(s1=Outcome.SCORED, s2=Outcome.FAILED)
    after = a_record(minute=30, clears=1, s1=Outcome.SCORED)
    assert outcomes_of(before.merged_with(after, now=NOW)) == {"1_1": ("scored", "a")}


def test_a_plan_of_the_future_is_the_oldest() -> None:
    """A clock that was ahead for a while must not make its run win for good."""
    ahead = a_record("a", minute=24 * 60, s1=Outcome.FAILED)
    assert outcomes_of(ahead.merged_with(a_record("b", s1=Outcome.SCORED), now=NOW)) == {
        "1_1": ("scored", "b")
    }
    again = a_record("a", minute=5, clears=1, s1=Outcome.SCORED)
    assert outcomes_of(ahead.merged_with(again, now=NOW)) == {"1_1": ("scored", "a")}


def damaged(change: dict[str, Any]) -> bytes:
    """Return a record with some members changed."""
    body = body_of(a_record(s1=Outcome.SCORED, s2=Outcome.FAILED).to_bytes(written_at=NOW))
    return gzip.compress(json.dumps({**body, **change}).encode())


@pytest.mark.parametrize(
    "stored",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{}", id="not-compressed"),
        pytest.param(gzip.compress(b"{}" * 100)[:-9], id="cut-off"),
        pytest.param(gzip.compress(b"[1"), id="not-json"),
        pytest.param(gzip.compress(b"[]"), id="a-list"),
        pytest.param(damaged({"format": 2}), id="another-format"),
        pytest.param(damaged({"hour": "2018-08-29"}), id="no-hour"),
        pytest.param(damaged({"readings": [1]}), id="short-column"),
        pytest.param(damaged({"outcome": "SFF"}), id="long-column"),
        pytest.param(damaged({"outcome": "SX"}), id="unknown-outcome"),
        pytest.param(damaged({"readings": [1, -1]}), id="negative-count"),
        pytest.param(damaged({"sensors": ["1_1", "../x"]}), id="no-sensor-id"),
        pytest.param(damaged({"reason": {"0": 7}}), id="reason-of-nothing"),
        pytest.param(damaged({"earlier": {"0": 0}}), id="run-of-nothing"),
        pytest.param(damaged({"clears": None}), id="no-clears"),
    ],
)
def test_what_is_no_record_is_refused_as_a_whole(stored: bytes) -> None:
    """Half of one could put a sensor's numbers beside another's name."""
    with pytest.raises(MessageError, match="hour record"):
        HourRecord.from_bytes(stored)
