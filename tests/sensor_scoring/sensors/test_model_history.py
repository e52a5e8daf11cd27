"""What is known of a sensor's model, and what is not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from scoring_contract import layout
from scoring_contract.errors import MessageError
from scoring_contract.fit_options import FitOptions
from scoring_contract.hour import RunHour
from scoring_contract.layout import Container
from scoring_contract.messages.manifest import ModelRef
from scoring_contract.messages.registry import Registry, SensorEntry, TrainedModel, TrainedSensor
from scoring_contract.messages.training import TrainingHours
from scoring_contract.messages.training_report import (
    Comparison,
    Evaluation,
    LabelCheck,
    TrainingReport,
    TrainingResult,
)
from sensor_scoring.azure_batch import ids
from sensor_scoring.sensors.model_history import ModelHistory, PastDecision, decision_about
from sensor_scoring.sensors.model_store import model_history
from sensor_scoring.settings import TRAINING_PREFIX
from sensor_scoring.training.gate import TrainingGate
from sensor_scoring.training.plan import plan_training
from sensor_scoring.training.promotion import Decision, Promotion

if TYPE_CHECKING:
    from local_stack.services.azurite import BlobStorage
    from sensor_scoring.blob_storage.store import BlobStore
    from sensor_scoring.settings import Settings

FIRST = RunHour.parse("2018-08-27T00")
NOON = datetime(2018, 8, 29, 12, tzinfo=UTC)
UNKNOWN = "When the current version was promoted: no training run says so."


def a_model(version: str, *, until: RunHour | None = FIRST) -> TrainedModel:
    """Build a version of sensor 1_4's model."""
    ref = ModelRef(version, f"1_4/{version}/model.json", "0" * 64, "f")
    return TrainedModel(ref, until and until.previous, until, 700, {"scikit-learn": "1.9.1"})


def an_entry(*versions: str, current: str, former: tuple[str, ...] = ()) -> SensorEntry:
    """Build a registry's entry."""
    return SensorEntry("1", "4", current, {version: a_model(version) for version in versions}, former=former)


def a_decision(version: str, decision: Decision, hours: float) -> PastDecision:
    """Build a decision of a training run, so many hours after noon."""
    return PastDecision(version, decision, "", NOON + timedelta(hours=hours), "manual__1", {})


def a_summary(version: str, *, drift: float = 0.1, dag_run_id: str = "manual__1") -> str:
    """Write the summary of a training run that promoted a version of sensor 1_4's model, or refused it."""
    hours = TrainingHours(FIRST.previous, FIRST, FIRST, FIRST.next)
    registry = Registry().publishing([TrainedSensor("1_4", "1", "4", a_model("v0"))])
    blobs = [f"{layout.readings_prefix(FIRST.previous, sensor)}0.csv" for sensor in ("1_4", "1_5")]
    run = ids.run_base(TRAINING_PREFIX, FIRST, dag_id="train_models", run_id=dag_run_id)
    plan, _ = plan_training(
        registry,
        blobs,
        [],
        [],
        hours=hours,
        run=run,
        planned_at="2018-08-29T03:05:00.000000Z",
        options=FitOptions(),
        sensors_per_task=50,
    )
    evaluation = Evaluation(100, 4, Comparison("v0", drift, 3), LabelCheck(4, 5, 3))
    result = TrainingResult(
        "1_4", TrainedSensor("1_4", "1", "4", a_model(version)), evaluation, compared_with="v0"
    )
    report = TrainingReport(run, next(iter(plan.groups)), plan.planned_at, 1.0, (result,))
    return Promotion.decided(plan, [report], registry, TrainingGate(), {}).to_json(dag_run_id=dag_run_id)


def test_a_training_runs_summary_tells_what_it_decided() -> None:
    """With the measures that the gate looked at."""
    found = decision_about("1_4", a_summary("v1").encode(), NOON)
    assert found == PastDecision(
        version="v1",
        decision=Decision.PROMOTED,
        reason="",
        at=NOON,
        dag_run_id="manual__1",
        compared={
            "with": "v0",
            "readings": 100,
            "anomaly_share": 0.04,
            "drift": 0.1,
            "changed_share": 0.03,
            "precision": 0.6,
            "recall": 0.75,
        },
    )
    refused = decision_about("1_4", a_summary("v1", drift=0.9).encode(), NOON)
    assert refused is not None
    assert refused.decision is Decision.REFUSED
    assert "drift" in refused.reason


def test_a_run_that_gave_the_sensor_no_model_decided_nothing() -> None:
    """It was not trained, or is not in the run."""
    assert decision_about("1_5", a_summary("v1").encode(), NOON) is None
    assert decision_about("9_9", a_summary("v1").encode(), NOON) is None


def changed(**members: Any) -> bytes:
    """Return a summary with other members."""
    return json.dumps({**json.loads(a_summary("v1")), **members}).encode()


@pytest.mark.parametrize(
    "summary",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"[]", id="no-object"),
        pytest.param(changed(sensors=7), id="no-list"),
        pytest.param(changed(sensors=[{"sensor": "1_4", "version": "v1", "decision": "odd"}]), id="decision"),
        pytest.param(changed(sensors=[{"sensor": "1_4", "version": "v1"}]), id="no-decision"),
        pytest.param(
            changed(sensors=[{"sensor": "1_4", "version": "v1", "decision": "kept", "drift": "much"}]),
            id="measure",
        ),
        pytest.param(changed(dag_run_id=None), id="no-run"),
    ],
)
def test_a_damaged_summary_is_refused(summary) -> None:
    """It must not count as one that says nothing of the sensor."""
    with pytest.raises(MessageError):
        decision_about("1_4", summary, NOON)


def test_the_versions_are_in_order_and_the_current_one_is_marked() -> None:
    """Each has the decision that published it; one that another run found again was published once."""
    entry = an_entry("v1", "v2", "v3", current="v2", former=("v1",))
    decisions = [
        a_decision("v2", Decision.KEPT, 9),
        a_decision("v2", Decision.PROMOTED, 2),
        a_decision("v3", Decision.REFUSED, 5),
        a_decision("v1", Decision.KEPT, 1),
    ]
    found = ModelHistory.of(entry, decisions, ())
    assert [(each.model.ref.version, each.is_current) for each in found.versions] == [
        ("v3", False),
        ("v2", True),
        ("v1", False),
    ]
    assert [each.decided and each.decided.decision for each in found.versions] == [
        Decision.REFUSED,
        Decision.PROMOTED,
        Decision.KEPT,
    ]
    assert (found.promoted_at, found.unknown) == (NOON + timedelta(hours=2), ())
    assert found.current == entry.versions["v2"]


PROMOTED = [a_decision("v1", Decision.PROMOTED, 1), a_decision("v2", Decision.PROMOTED, 2)]


@pytest.mark.parametrize(
    ("entry", "decisions"),
    [
        pytest.param(an_entry("v1", current="v1"), [], id="no-run-is-left"),
        pytest.param(an_entry("v1", "v2", current="v1"), PROMOTED, id="rolled-back"),
        pytest.param(
            an_entry("v1", "v2", current="v2", former=("v1", "v2", "v1")), PROMOTED, id="by-hand-and-back"
        ),
        pytest.param(
            an_entry("v1", current="v1"),
            [a_decision("v1", Decision.REFUSED, 1)],
            id="by-hand-after-a-refusal",
        ),
    ],
)
def test_when_a_person_changed_the_current_version_is_unknown(entry, decisions) -> None:
    """The registry has no times, and a guess would look like knowledge."""
    found = ModelHistory.of(entry, decisions, ["What it says."])
    assert (found.promoted_at, found.unknown) == (None, (UNKNOWN, "What it says."))


@pytest.fixture
def runs(storage: BlobStorage) -> Any:
    """Give a test the container of runs."""
    return storage.container(Container.RUNS)


def test_only_runs_that_can_have_made_a_version_are_read(
    store: BlobStore, settings: Settings, runs: Any
) -> None:
    """A version is named after the hour before which it was trained, as its run is."""
    base = ids.run_base(TRAINING_PREFIX, FIRST, dag_id="train_models", run_id="manual__1")
    another = ids.run_base(TRAINING_PREFIX, FIRST.next, dag_id="train_models", run_id="manual__2")
    unfinished = ids.run_base(TRAINING_PREFIX, FIRST, dag_id="train_models", run_id="manual__3")
    runs.upload_blob(layout.summary_blob(base), a_summary("v1"))
    runs.upload_blob(layout.summary_blob(another), "not to be read")
    runs.upload_blob(layout.plan_blob(unfinished), "{}")
    entry = an_entry("v1", current="v1")
    found = model_history(store, settings, "1_4", entry)
    assert found.unknown == ()
    assert found.promoted_at is not None
    assert datetime.now(UTC) - found.promoted_at < timedelta(minutes=5)
    (version,) = found.versions
    assert version.decided is not None
    assert version.decided.compared["recall"] == 0.75
    runs.upload_blob(layout.summary_blob(unfinished), "?")
    assert (
        model_history(store, settings, "1_4", entry)
        .unknown[0]
        .startswith(f"What runs/{layout.summary_blob(unfinished)} says of it: training summary: is not JSON")
    )


def test_a_model_from_elsewhere_has_no_training(store: BlobStore, settings: Settings) -> None:
    """Nobody knows when and on what it was trained."""
    entry = replace(an_entry("v1", current="v1"), versions={"v1": a_model("v1", until=None)})
    found = model_history(store, settings, "1_4", entry)
    assert (found.promoted_at, found.unknown) == (None, (UNKNOWN,))
