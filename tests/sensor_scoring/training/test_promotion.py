"""Which models become current, and why."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from scoring_contract.hour import RunHour
from scoring_contract.messages.manifest import ModelRef
from scoring_contract.messages.registry import Registry, TrainedModel, TrainedSensor
from scoring_contract.messages.report import Cause
from scoring_contract.messages.training import TrainingHours
from scoring_contract.messages.training_report import Comparison, Evaluation, TrainingReport, TrainingResult
from sensor_scoring.training.gate import TrainingGate
from sensor_scoring.training.plan import TrainingPlan
from sensor_scoring.training.promotion import Decision, Promotion

PLANNED_AT = "2018-08-29T03:05:00.000000Z"
PLAN = TrainingPlan(
    run="run1",
    planned_at=PLANNED_AT,
    hours=TrainingHours(*(RunHour.parse(f"2018-08-29T0{hour}") for hour in (0, 2, 2, 3))),
    groups={"1_1..1_2": ("1_1", "1_2"), "2_1..2_1": ("2_1",)},
    silent=("9_9",),
)


def a_model(sensor: str, version: str) -> TrainedSensor:
    """Build a new model."""
    device, _, tag = sensor.partition("_")
    ref = ModelRef(version, f"{sensor}/{version}/model.json", f"{version:0>64}", "f")
    return TrainedSensor(sensor, device, tag, TrainedModel(ref, None, None, 60, {}))


def a_result(sensor: str, version: str = "v2", *, before: str = "v1", **facts: Any) -> TrainingResult:
    """Build the reported result of a sensor with an acceptable model."""
    comparison = Comparison(before, 0.1, 3) if before else None
    evaluation = Evaluation(**{"readings": 100, "anomalies": 5, "comparison": comparison, **facts})
    return TrainingResult(sensor, a_model(sensor, version), evaluation, compared_with=before)


def a_report(*results: TrainingResult, planned_at: str = PLANNED_AT) -> TrainingReport:
    """Build a report."""
    return TrainingReport("run1", "g", planned_at, 1.0, results)


def registry_of(*sensors: str) -> Registry:
    """Build a registry in which v1 is current."""
    return Registry().publishing([a_model(sensor, "v1") for sensor in sensors])


def decided(
    *reports: TrainingReport, registry: Registry | None = None, failures: dict[str, str] | None = None
) -> Promotion:
    """Decide on promotion."""
    known = registry_of("1_1", "1_2", "2_1", "9_9") if registry is None else registry
    return Promotion.decided(PLAN, reports, known, TrainingGate(), failures or {})


def words(promotion: Promotion) -> dict[str, tuple[Decision, str]]:
    """Return the decision per sensor."""
    return {line.sensor: (line.decision, line.reason) for line in promotion.decisions}


def test_what_the_scorer_noted_is_said_whatever_was_decided() -> None:
    """Such as a file of labels that it could not read: the gate has judged without it."""
    results = a_result("1_1"), a_result("1_2", anomalies=90), a_result("2_1", "v1")
    noted = [replace(result, reason="labels/x.csv is ignored") for result in results]
    assert [
        (decision, reason.rpartition("; ")[2])
        for decision, reason in words(decided(a_report(*noted))).values()
    ] == [
        (Decision.PROMOTED, "labels/x.csv is ignored"),
        (Decision.REFUSED, "labels/x.csv is ignored"),
        (Decision.KEPT, "labels/x.csv is ignored"),
        (Decision.SILENT, "no readings to train on"),
    ]


def test_every_sensor_of_the_plan_has_a_decision() -> None:
    """One is promoted, one refused, one untrained because its group failed, one silent."""
    registry = registry_of("1_1", "1_2", "2_1", "9_9")
    report = a_report(a_result("1_1"), a_result("1_2", anomalies=90))
    promotion = decided(report, registry=registry, failures={"2_1..2_1": "was killed by SIGKILL"})
    assert words(promotion) == {
        "1_1": (Decision.PROMOTED, ""),
        "1_2": (
            Decision.REFUSED,
            "it calls 90.0% of the later readings anomalies; the limit is 20.0%",
        ),
        "2_1": (Decision.FAILED, "was killed by SIGKILL"),
        "9_9": (Decision.SILENT, "no readings to train on"),
    }
    assert promotion.counts() == {
        "promoted": 1,
        "kept": 0,
        "silent": 1,
        "refused": 1,
        "untrained": 0,
        "failed": 1,
    }
    after = promotion.applied(registry)
    assert {sensor: entry.current for sensor, entry in after.sensors.items()} == {
        "1_1": "v2",
        "1_2": "v1",
        "2_1": "v1",
        "9_9": "v1",
    }
    assert after.rolling_back("1_1").entry("1_1").current == "v1"
    assert after.promoting({"1_2": "v2"}).entry("1_2").current == "v2", "a person may overrule the gate"


def test_the_last_word_of_this_plan_counts() -> None:
    """A retry's report overrides the first; reports on another plan are ignored."""
    failed = TrainingResult("1_1", cause=Cause.STORAGE, reason="busy")
    promotion = decided(
        a_report(a_result("1_2"), planned_at="2018-08-29T03:04:00.000000Z"),
        a_report(failed),
        a_report(a_result("1_1")),
    )
    assert words(promotion)["1_1"] == (Decision.PROMOTED, "")
    assert words(promotion)["1_2"] == (Decision.FAILED, "no report mentions it")


@pytest.mark.parametrize(
    ("cause", "decision"), [(Cause.DATA, Decision.UNTRAINED), (Cause.STORAGE, Decision.FAILED)]
)
def test_a_cause_that_stays_is_no_failure(cause, decision) -> None:
    """Too few readings are a fact; storage that did not answer is a failure."""
    promotion = decided(a_report(TrainingResult("1_1", cause=cause, reason="why")))
    assert words(promotion)["1_1"] == (decision, "why")


def test_the_same_model_again_is_kept() -> None:
    """Training on the same readings changes nothing, even if the gate would refuse the model now."""
    registry = registry_of("1_1", "1_2", "2_1", "9_9")
    promotion = decided(a_report(a_result("1_1", "v1", anomalies=90)), registry=registry)
    assert words(promotion)["1_1"] == (
        Decision.KEPT,
        "training reproduced the current model and rewrote its file",
    )
    assert promotion.applied(registry) == registry


def test_the_step_can_be_repeated() -> None:
    """It finds its work done, reports the same, and writes nothing."""
    registry = registry_of("1_1", "1_2", "2_1", "9_9")
    report = a_report(a_result("1_1"), a_result("1_2", anomalies=90))
    first = decided(report, registry=registry)
    after = first.applied(registry)
    again = decided(report, registry=after)
    assert words(again) == words(first)
    assert again.applied(after) == after


def test_a_comparison_with_a_model_of_the_past_is_not_trusted() -> None:
    """Somebody promoted another version during the run."""
    registry = registry_of("1_1").publishing([a_model("1_1", "v7")])
    promotion = decided(a_report(a_result("1_1")), registry=registry)
    assert words(promotion)["1_1"] == (Decision.REFUSED, "it was compared with v1, and v7 is current")
    assert promotion.applied(registry).entry("1_1").current == "v7"


def test_a_first_model_that_is_refused_does_not_enter_the_registry() -> None:
    """It would be the only model to score with."""
    good, bad = a_result("1_1", before=""), a_result("1_2", before="", anomalies=90)
    promotion = decided(a_report(good, bad), registry=Registry())
    assert list(promotion.applied(Registry()).sensors) == ["1_1"]


def test_an_id_that_has_changed_its_meaning_spoils_nothing_else() -> None:
    """The sensor is left out with a reason, and the others are promoted."""
    result = a_result("1_1")
    assert result.trained is not None
    other = replace(result, trained=replace(result.trained, device="one"))
    registry = registry_of("1_1", "1_2")
    promotion = decided(a_report(other, a_result("1_2")), registry=registry)
    decision, reason = words(promotion)["1_1"]
    assert decision is Decision.UNTRAINED
    assert "its id belongs to device '1' tag '1'" in reason
    assert promotion.applied(registry).entry("1_2").current == "v2"


def test_the_summary_says_what_was_measured() -> None:
    """Hours, gate, counts, and a line per sensor."""
    body = json.loads(decided(a_report(a_result("1_1"))).to_json(dag_run_id="manual"))
    assert body["counts"]["promoted"] == 1
    assert body["gate"]["max_drift"] == 0.3
    assert body["hours"]["evaluated_from"] == "2018-08-29T02"
    line = next(line for line in body["sensors"] if line["sensor"] == "1_1")
    assert line == {
        "sensor": "1_1",
        "decision": "promoted",
        "reason": "",
        "version": "v2",
        "compared_with": "v1",
        "trained_on": 60,
        "readings": 100,
        "anomaly_share": 0.05,
        "drift": 0.1,
        "changed_share": 0.03,
        "precision": None,
        "recall": None,
    }
