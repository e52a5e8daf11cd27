"""The outcome of a run."""

from __future__ import annotations

import json

from scoring_contract.hour import RunHour
from scoring_contract.messages.report import Cause, Report, SensorReport, SensorState
from sensor_scoring.azure_batch.pool.usage import PoolUse
from sensor_scoring.hourly.gate import GateVerdict
from sensor_scoring.hourly.outcome.summary import Outcome, Summary, summarise
from sensor_scoring.hourly.planning.plan import Plan

HOUR = RunHour.parse("2018-08-29T02")
PLANNED_AT = "2018-08-29T03:05:00.000000Z"
PLAN = Plan(
    hour=HOUR,
    run="run",
    planned_at=PLANNED_AT,
    groups={"1_1": ("1_1",), "1_2": ("1_2",)},
    silent=("1_3",),
    unmodelled=("2_1",),
)


def a_report(sensor: str, *, planned_at: str = PLANNED_AT, **facts) -> Report:
    """Return a report of one sensor, scored unless said otherwise."""
    outcome = SensorReport(**{"sensor": sensor, "state": SensorState.SCORED, "readings": 10, **facts})
    return Report(HOUR, "run", sensor, "m.json", planned_at, 0.5, (outcome,))


def summed_up(reports: list[Report], verdict: GateVerdict, failures: dict[str, str] | None = None) -> Summary:
    """Summarise the plan."""
    return summarise(PLAN, reports, verdict, failures or {}, dag_run_id="manual__1")


def outcome_of(summary: Summary, sensor: str) -> tuple[Outcome, str]:
    """Return a sensor's outcome and reason."""
    return next((line.outcome, line.reason) for line in summary.sensors if line.sensor == sensor)


def test_every_sensor_of_the_fleet_has_its_line() -> None:
    """Scored, silent and unmodelled sensors all appear, in order."""
    summary = summed_up([a_report("1_1"), a_report("1_2")], GateVerdict(fresh=("1_1", "1_2")))
    assert [line.sensor for line in summary.sensors] == ["1_1", "1_2", "1_3", "2_1"]
    assert summary.counts() == {"scored": 2, "failed": 0, "silent": 1, "no model": 1}
    assert summary.totals()["readings"] == 20
    assert summary.failed_share == 0


def test_a_reported_success_without_its_prediction_is_a_failure() -> None:
    """The gate decides: a report cannot make up for a missing blob."""
    verdict = GateVerdict(fresh=("1_1",), missing=("1_2",))
    summary = summed_up([a_report("1_1"), a_report("1_2")], verdict)
    assert outcome_of(summary, "1_2") == (Outcome.FAILED, "its prediction is missing")
    assert summary.failed_share == 0.5


def test_a_failure_keeps_the_scorers_own_words() -> None:
    """The reason comes from the report, or else from the operator; if neither has one, it says so."""
    failed = a_report(
        "1_1", state=SensorState.FAILED, cause=Cause.MODEL, reason="the model is not the ordered one"
    )
    assert outcome_of(summed_up([failed], GateVerdict()), "1_1")[1] == "the model is not the ordered one"
    killed = summed_up([], GateVerdict(), {"1_1": "its process was killed by SIGKILL"})
    assert outcome_of(killed, "1_1")[1] == "its process was killed by SIGKILL"
    assert outcome_of(killed, "1_2")[1] == "it was not scored, and no report says why"


def test_what_was_never_scored_names_the_step_that_failed() -> None:
    """When submission failed, no sensor is to blame."""
    summary = summarise(PLAN, [], GateVerdict(), {}, dag_run_id="r", failed_steps={"submit": "no"})
    assert outcome_of(summary, "1_1") == (Outcome.FAILED, "submit failed")


def test_the_last_report_on_a_sensor_counts() -> None:
    """A retry's success overrides the failure before; reports of an earlier plan are ignored."""
    failed = a_report("1_1", state=SensorState.FAILED, cause=Cause.STORAGE, reason="busy")
    verdict = GateVerdict(fresh=("1_1", "1_2"))
    assert outcome_of(summed_up([failed, a_report("1_1")], verdict), "1_1")[0] is Outcome.SCORED
    old = a_report("1_1", planned_at="2018-08-29T03:00:00.000000Z")
    assert outcome_of(summed_up([old], verdict), "1_1")[0] is Outcome.FAILED


def test_a_sensor_without_rows_in_its_files_is_silent() -> None:
    """The scorer found nothing to score, so nothing failed."""
    skipped = a_report("1_1", state=SensorState.SKIPPED, readings=0, reason="no readings")
    summary = summed_up([skipped, a_report("1_2")], GateVerdict(fresh=("1_2",), missing=("1_1",)))
    assert outcome_of(summary, "1_1")[0] is Outcome.SILENT


def test_a_summary_reads_back() -> None:
    """Alert and verdict see what was written."""
    summary = summed_up([a_report("1_1")], GateVerdict(fresh=("1_1",), stray=("9_9",)))
    assert Summary.from_json(summary.to_json()) == summary


def test_sensors_share_what_the_run_used() -> None:
    """Node time is split by scoring time, and the summary keeps the result."""
    used = PoolUse(pool_id="pool", nodes=1, node_hours=1.0)
    reports = [a_report("1_1", seconds=3.0), a_report("1_2", seconds=1.0)]
    verdict = GateVerdict(fresh=("1_1", "1_2"))
    summary = summarise(PLAN, reports, verdict, {}, dag_run_id="manual__1", pool=used)
    lines = {line["sensor"]: line["node_seconds"] for line in json.loads(summary.to_json())["sensors"]}
    assert lines == {"1_1": 2700.0, "1_2": 900.0, "1_3": 0.0, "2_1": 0.0}
    assert Summary.from_json(summary.to_json()).pool == used
