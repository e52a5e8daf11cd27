"""``python -m scorer train --order`` as the training DAG calls it: models, evaluations, one report."""

from __future__ import annotations

import itertools
import json
import random
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM

from scorer.models.format import load_model
from scoring_contract.fit_options import FitOptions
from scoring_contract.hour import RunHour
from scoring_contract.layout import (
    Container,
    labels_blob,
    order_blob,
    packed_readings_prefix,
    report_blob,
    span_label_blob,
)
from scoring_contract.messages.invocation import ExitCode, TrainInvocation
from scoring_contract.messages.report import Cause
from scoring_contract.messages.span_label import LabelId, LabelKind, SpanLabel
from scoring_contract.messages.training import TrainingHours, TrainingOrder, TrainingSubject
from scoring_contract.messages.training_report import LabelCheck, TrainingReport
from tests.scorer.conftest import break_fits_of

if TYPE_CHECKING:
    import subprocess

    from scoring_contract.messages.training_report import TrainingResult
    from tests.scorer.conftest import Scorer, Storage

HOURS = TrainingHours(*(RunHour.parse(f"2018-08-{text}") for text in ("28T23", "29T01", "29T01", "29T02")))
TRAINING = {Container.DATA: "r", Container.MODELS: "rcw", Container.RUNS: "rcw"}
"""As the operators grant it."""
OPTIONS, DEFAULTS = FitOptions(nu=0.05), FitOptions()
CALL = TrainInvocation(order_blob("run1", "g"), report_blob("run1", "job1", "task1"))


def values(sensor: str, hour: RunHour, *, count: int = 60) -> list[str]:
    """Draw an hour of a sensor's values."""
    source = random.Random(f"{sensor} {hour}")
    return [f"{source.gauss(10, 2):.2f}" for _ in range(count)]


def rows(sensor: str, hour: RunHour, *, count: int = 60) -> list[str]:
    """Write readings of one hour, a minute apart."""
    pair = sensor.replace("_", ",")
    timestamps = (f"{hour.start.isoformat()[:14]}{n:02}:00Z" for n in range(count))
    return [
        f"{moment},{pair},{value}"
        for moment, value in zip(timestamps, values(sensor, hour, count=count), strict=True)
    ]


def a_sensor(storage: Storage, sensor: str, *, count: int = 60) -> tuple[list[str], list[str]]:
    """Store a sensor's readings in its own folder; return the blobs for training and for evaluation."""
    blobs = {
        hour: storage.put_readings(sensor, rows(sensor, hour, count=count), hour=hour)
        for hour in (*HOURS.training, *HOURS.evaluation)
    }
    return [blobs[hour] for hour in HOURS.training], [blobs[hour] for hour in HOURS.evaluation]


def a_pack(storage: Storage, pack: str, *sensors: str) -> tuple[list[str], list[str]]:
    """Store many sensors in one file per hour, rows interleaved."""
    blobs = {}
    for hour in (*HOURS.training, *HOURS.evaluation):
        turns = zip(*(rows(sensor, hour) for sensor in sensors), strict=True)
        text = "\n".join(["TS,Device,Tag,Value", *(row for turn in turns for row in turn)]) + "\n"
        blobs[hour] = f"{packed_readings_prefix(hour, pack)}0.csv"
        storage.put(Container.DATA, blobs[hour], text)
    return [blobs[hour] for hour in HOURS.training], [blobs[hour] for hour in HOURS.evaluation]


def together(*parts: tuple[list[str], list[str]]) -> tuple[list[str], list[str]]:
    """Merge the blobs of several sensors."""
    trained, evaluated = zip(*parts, strict=True)
    return list(chain(*trained)), list(chain(*evaluated))


def ordered(
    storage: Storage,
    scorer: Scorer,
    *subjects: TrainingSubject,
    blobs: tuple[list[str], list[str]],
    options: FitOptions = OPTIONS,
    labels: tuple[str, ...] = (),
) -> subprocess.CompletedProcess[str]:
    """Write an order and execute it with the fewest permissions that suffice."""
    put_order(storage, *subjects, blobs=blobs, options=options, labels=labels)
    return scorer.run_here(*CALL.to_argv(), environ=storage.environ(TRAINING))


def put_order(
    storage: Storage,
    *subjects: TrainingSubject,
    blobs: tuple[list[str], list[str]],
    options: FitOptions = DEFAULTS,
    labels: tuple[str, ...] = (),
) -> None:
    """Write an order."""
    training, evaluation = (tuple(sorted(names)) for names in blobs)
    planned_at = "2018-08-29T03:00:00Z"
    order = TrainingOrder("run1", "g", planned_at, HOURS, options, subjects, training, evaluation, labels)
    storage.put(Container.RUNS, CALL.order, order.to_json())


def results(storage: Storage) -> dict[str, TrainingResult]:
    """Read the report."""
    report = TrainingReport.from_json(storage.get(Container.RUNS, CALL.report))
    assert (report.run, report.group, report.planned_at) == ("run1", "g", "2018-08-29T03:00:00Z")
    return {result.sensor: result for result in report.sensors}


def test_models_are_written_and_the_registry_is_left_alone(storage: Storage, scorer: Scorer) -> None:
    """The report names each new model and its digest, and the model predicts as scikit-learn does."""
    put_order(storage, TrainingSubject("1_4"), blobs=a_sensor(storage, "1_4"))
    done = scorer.run(*CALL.to_argv(), environ=storage.environ(TRAINING))
    assert (done.returncode, done.stderr) == (ExitCode.SUCCESS, "")
    result = results(storage)["1_4"]
    assert result.trained is not None
    ref = result.trained.model.ref
    assert storage.names(Container.MODELS) == [ref.blob]
    model = load_model(storage.get(Container.MODELS, ref.blob), ref)
    trained, later = (
        np.array([float(value) for hour in hours for value in values("1_4", hour)])
        for hours in (HOURS.training, HOURS.evaluation)
    )
    theirs = make_pipeline(StandardScaler(), OneClassSVM(nu=0.05, tol=1e-6)).fit(trained[:, None])
    expected = theirs.predict(later[:, None]) == -1
    assert model.predict(later).anomalies.tolist() == expected.tolist()
    assert result.trained.model.rows == 120
    assert result.evaluation is not None
    assert (result.evaluation.readings, result.evaluation.anomalies) == (60, int(expected.sum()))
    assert (result.evaluation.comparison, result.evaluation.labels) == (None, None)


def test_a_new_model_is_compared_with_the_current_one(storage: Storage, scorer: Scorer) -> None:
    """The same model shows no drift; another one does, and labels differ."""
    blobs = a_sensor(storage, "1_4")
    ordered(storage, scorer, TrainingSubject("1_4"), blobs=blobs)
    first = results(storage)["1_4"].trained
    assert first is not None
    subject = TrainingSubject("1_4", ("1", "4"), first.model.ref)
    ordered(storage, scorer, subject, blobs=blobs)
    again = results(storage)["1_4"]
    assert again.trained == first
    assert again.evaluation is not None
    assert again.evaluation.comparison is not None
    assert (again.evaluation.comparison.drift, again.evaluation.comparison.changed) == (0, 0)
    ordered(storage, scorer, subject, blobs=blobs, options=FitOptions(nu=0.4))
    other = results(storage)["1_4"]
    assert other.compared_with == first.version
    assert other.evaluation is not None
    assert other.evaluation.comparison is not None
    assert other.evaluation.comparison.version == first.version
    assert other.evaluation.comparison.changed > 10
    assert other.evaluation.comparison.drift > 0.1


def test_a_damaged_current_model_does_not_block_a_new_one(storage: Storage, scorer: Scorer) -> None:
    """The report says why there is no comparison."""
    blobs = a_sensor(storage, "1_4")
    ordered(storage, scorer, TrainingSubject("1_4"), blobs=blobs)
    first = results(storage)["1_4"].trained
    assert first is not None
    storage.put(Container.MODELS, "damaged.json", "{}")
    ref = type(first.model.ref)("v0", "damaged.json", first.model.ref.sha256, first.model.ref.format)
    ordered(storage, scorer, TrainingSubject("1_4", ("1", "4"), ref), blobs=blobs)
    result = results(storage)["1_4"]
    assert result.trained == first
    assert result.reason.startswith("not compared with the current model: damaged.json has the digest")


def test_the_sensors_of_a_pack_are_told_apart(storage: Storage, scorer: Scorer) -> None:
    """Each gets the model of its own readings, from shared files and its own."""
    packed = a_pack(storage, "p0001", "1_1", "1_2", "9_9")
    alone = a_sensor(storage, "2_1")
    own = a_sensor(storage, "1_2", count=30)
    blobs = together(packed, alone, own)
    subjects = [
        *(TrainingSubject(sensor, packs=("p0001",)) for sensor in ("1_1", "1_2", "1_3")),
        TrainingSubject("2_1"),
    ]
    done = ordered(storage, scorer, *subjects, blobs=blobs)
    assert done.returncode == ExitCode.SUCCESS
    found = results(storage)
    trained = {sensor: result.trained.model.rows for sensor, result in found.items() if result.trained}
    assert trained == {"1_1": 120, "1_2": 180, "2_1": 120}
    assert (found["1_3"].cause, found["1_3"].reason) == (Cause.DATA, "only 0 readings; 30 required")
    ordered(storage, scorer, TrainingSubject("1_1"), blobs=a_sensor(storage, "1_1"))
    single = results(storage)["1_1"].trained
    assert found["1_1"].trained == single, "a pack's file gives the model that a folder gives"


def test_labels_are_compared_where_there_are_some(storage: Storage, scorer: Scorer) -> None:
    """Their times may be in another form than the readings'; other sensors' labels do not count."""
    blobs = a_sensor(storage, "1_4")
    hour = HOURS.evaluated_from
    lines = [f"{hour.start:%Y-%m-%d %H}:0{n}:00.000,1,4,spike" for n in range(3)]
    strangers = ["2018-08-29 01:05:00.000,1,5,spike", "yesterday,1,4,spike", "1,4"]
    text = "\n".join(["TS,Device,Tag,Anomaly", *lines, *strangers]) + "\n"
    storage.put(Container.DATA, labels_blob(hour), text)
    ordered(storage, scorer, TrainingSubject("1_4"), blobs=blobs)
    result = results(storage)["1_4"]
    assert result.trained is not None
    assert result.evaluation is not None
    ref = result.trained.model.ref
    flagged = (
        load_model(storage.get(Container.MODELS, ref.blob), ref)
        .predict(np.array([float(value) for value in values("1_4", hour)]))
        .anomalies
    )
    assert result.evaluation.labels == LabelCheck(3, int(flagged.sum()), int(flagged[:3].sum()))


def a_label(storage: Storage, kind: LabelKind, hour: RunHour, minutes: tuple[int, int], *flagged: int) -> str:
    """Store a label of sensor 1_4 from a minute of an hour to another; return its blob."""
    start = int(hour.start.timestamp()) * 1000
    first, last = (start + 60_000 * minute for minute in minutes)
    label = SpanLabel(
        sensor="1_4",
        id=LabelId(first, last, f"{next(TOKENS):012x}"),
        kind=kind,
        readings=tuple((start + 60_000 * minute) * 1000 for minute in flagged),
        by="ada",
        at="2018-08-29T03:00:00.000000Z",
    )
    blob = span_label_blob("1_4", str(label.id))
    storage.put(Container.DATA, blob, label.to_json())
    return blob


TOKENS = itertools.count()


def test_labels_of_spans_say_nothing_of_other_sensors(storage: Storage, scorer: Scorer) -> None:
    """The gate sees the readings that a person judged, of that sensor, and no other of the hour."""
    blobs = together(a_sensor(storage, "1_4"), a_sensor(storage, "1_5"))
    hour = HOURS.evaluated_from
    judged = (
        a_label(storage, LabelKind.REAL, hour, (0, 9), 2, 3),
        a_label(storage, LabelKind.FALSE_ALARM, hour, (20, 24)),
    )
    done = ordered(
        storage, scorer, TrainingSubject("1_4"), TrainingSubject("1_5"), blobs=blobs, labels=judged
    )
    assert done.stderr == ""
    found = results(storage)
    ours, other = (found[sensor].evaluation for sensor in ("1_4", "1_5"))
    assert ours is not None
    assert other is not None
    assert (ours.readings, other.labels) == (60, None)
    assert ours.labels is not None
    assert (ours.labels.anomalies, ours.labels.flagged <= 7) == (2, True)


def test_readings_under_maintenance_are_neither_trained_nor_evaluated_on(
    storage: Storage, scorer: Scorer
) -> None:
    """The report says how many; a span may cross hours."""
    blobs = a_sensor(storage, "1_4")
    last = HOURS.training[-1]
    maintained = a_label(storage, LabelKind.MAINTENANCE, last, (50, 69))
    done = ordered(storage, scorer, TrainingSubject("1_4"), blobs=blobs, labels=(maintained,))
    assert done.returncode == ExitCode.SUCCESS
    result = results(storage)["1_4"]
    assert result.trained is not None
    assert result.evaluation is not None
    assert (result.trained.model.rows, result.evaluation.readings) == (110, 50)
    assert result.reason == "20 readings labelled as maintenance were left out"
    whole = a_label(storage, LabelKind.MAINTENANCE, HOURS.trained_from, (0, 119))
    ordered(storage, scorer, TrainingSubject("1_4"), blobs=blobs, labels=(whole,))
    assert results(storage)["1_4"].reason == "only 0 readings; 30 required (120 labelled as maintenance)"


def test_a_label_that_cannot_be_read_is_named_at_its_sensor(storage: Storage, scorer: Scorer) -> None:
    """One that was deleted after the plan is none; a copy of another sensor's is not taken for its own."""
    blobs = together(a_sensor(storage, "1_4"), a_sensor(storage, "1_5"))
    deleted, damaged, right = (
        a_label(storage, LabelKind.FALSE_ALARM, HOURS.evaluated_from, (0, 4)) for _ in range(3)
    )
    copied = right.replace("1_4", "1_5")
    storage.put(Container.DATA, copied, storage.get(Container.DATA, right))
    storage.put(Container.DATA, damaged, "{}")
    storage.delete(Container.DATA, deleted)
    subjects = TrainingSubject("1_4"), TrainingSubject("1_5")
    done = ordered(storage, scorer, *subjects, blobs=blobs, labels=(deleted, damaged, right, copied))
    assert done.returncode == ExitCode.SUCCESS
    found = results(storage)
    assert (
        found["1_4"].reason == f"{damaged} is ignored: label: contract: is version None, this program reads 2"
    )
    assert found["1_5"].reason.startswith(f"{copied} is ignored: it is the label ")
    assert all(result.reason in done.stderr for result in found.values())
    assert found["1_4"].evaluation is not None
    assert found["1_4"].evaluation.labels is not None


def test_what_another_try_would_meet_again_is_no_failure(storage: Storage, scorer: Scorer) -> None:
    """Too few readings, or an id of two pairs, are results: the process has done its work."""
    few, other = a_sensor(storage, "1_1", count=5), a_sensor(storage, "1_2")
    blobs = together(few, other)
    subjects = [TrainingSubject("1_1"), TrainingSubject("1_2", ("1", "two"))]
    done = ordered(storage, scorer, *subjects, blobs=blobs)
    assert done.returncode == ExitCode.SUCCESS
    assert {name: result.reason for name, result in results(storage).items()} == {
        "1_1": "only 10 readings; 30 required",
        "1_2": "its id belongs to device '1' tag 'two' and cannot also name device '1' tag '2'",
    }
    assert storage.names(Container.MODELS) == []


def test_storage_that_refuses_is_worth_another_try(storage: Storage, scorer: Scorer) -> None:
    """The report names the sensor, and the exit code gives the cause."""
    training, evaluation = a_sensor(storage, "1_4")
    order = TrainingOrder(
        *("run1", "g", "2018-08-29T03:00:00Z", HOURS, DEFAULTS, (TrainingSubject("1_4"),)),
        *(tuple(training), tuple(evaluation)),
    )
    storage.put(Container.RUNS, CALL.order, order.to_json())
    refused = storage.environ({**TRAINING, Container.MODELS: "r"})
    done = scorer.run_here(*CALL.to_argv(), environ=refused)
    assert done.returncode == ExitCode.STORAGE
    result = results(storage)["1_4"]
    assert (result.cause, result.is_failed, result.trained) == (Cause.STORAGE, True, None)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        pytest.param({"nu": 7}, "options.nu: 7 is not above 0 and at most 1", id="a-wrong-value"),
        pytest.param({"magic": 7}, "options.magic: is no option of this version", id="an-unknown-option"),
    ],
)
def test_options_that_cannot_be_meant_fail_the_group_at_once(
    storage: Storage, scorer: Scorer, options: dict[str, Any], sentence: str
) -> None:
    """Nothing is fitted, and the exit code says that the order is wrong."""
    blobs = a_sensor(storage, "1_4", count=5)
    put_order(storage, TrainingSubject("1_4"), blobs=blobs)
    order = json.loads(storage.get(Container.RUNS, CALL.order))
    storage.put(Container.RUNS, CALL.order, json.dumps({**order, "options": {**order["options"], **options}}))
    done = scorer.run(*CALL.to_argv(), environ=storage.environ(TRAINING))
    assert done.returncode == ExitCode.ORDER
    assert sentence in done.stderr
    assert CALL.report not in storage.names(Container.RUNS)


def test_an_order_that_is_not_there_is_named(storage: Storage, scorer: Scorer) -> None:
    """One sentence names it."""
    done = scorer.run_here(*CALL.to_argv(), environ=storage.environ(TRAINING))
    assert (done.returncode, done.stderr) == (ExitCode.ORDER, "there is no order runs/run1/orders/g.json\n")


@pytest.mark.behaviour("training-bad-member")
def test_a_fault_that_nobody_foresaw_stays_with_its_sensor(
    storage: Storage, scorer: Scorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even in a pack: the report has models and evaluations of the others."""
    break_fits_of(monkeypatch, above=500)
    training, evaluation = a_pack(storage, "p0001", "1_1", "1_2")
    for blob in (*training, *evaluation):
        text = storage.get(Container.DATA, blob).decode()
        storage.put(Container.DATA, blob, text.replace(",1,2,", ",1,2,9999"))
    subjects = tuple(TrainingSubject(sensor, packs=("p0001",)) for sensor in ("1_1", "1_2"))
    put_order(storage, *subjects, blobs=(training, evaluation))
    done = scorer.run_here(*CALL.to_argv(), environ=storage.environ(TRAINING))
    assert done.returncode == ExitCode.PARTLY_FAILED
    found = results(storage)
    assert found["1_1"].trained is not None
    assert (found["1_2"].cause, found["1_2"].trained) == (Cause.UNEXPECTED, None)
    assert "RuntimeError: out of luck" in done.stderr


@pytest.mark.parametrize(
    ("content", "why"),
    [
        pytest.param("timestamp;device\n", "has no column TS", id="other-columns"),
        pytest.param("TS,Device,Tag\n".encode("utf-16"), "has no column TS", id="utf-16"),
        pytest.param(
            f"TS,Device,Tag,Note\n2018-08-29T01:00:00Z,1,4,{'x' * 200_000}\n", "field larger", id="no-csv"
        ),
    ],
)
def test_a_wrong_file_of_labels_is_named_and_stops_nobody(
    storage: Storage, scorer: Scorer, content: str | bytes, why: str
) -> None:
    """Its hour counts as unlabelled, not as free of anomalies."""
    blobs = a_sensor(storage, "1_4")
    storage.put(Container.DATA, labels_blob(HOURS.evaluated_from), content)
    done = ordered(storage, scorer, TrainingSubject("1_4"), blobs=blobs)
    assert done.returncode == ExitCode.SUCCESS
    result = results(storage)["1_4"]
    assert result.evaluation is not None
    assert result.evaluation.labels is None
    assert result.reason.startswith("labels/2018/08/29/01.csv is ignored: ")
    assert why in result.reason
    assert result.reason in done.stderr


def test_moments_of_readings_and_labels_may_have_any_form(storage: Storage, scorer: Scorer) -> None:
    """Both use the same grammar: counts since 1970, offsets, times without seconds."""
    blobs = a_sensor(storage, "1_4")
    hour = HOURS.evaluated_from
    start = int(hour.start.timestamp())
    lines = [f"{start + 60 * minute},1,4,{minute % 7}" for minute in range(60)]
    storage.put_readings("1_4", lines, hour=hour)
    timestamps = (f"{start * 1000}", "2018-08-29T03:01+02", "2018-08-29 01:02")
    labels = "\n".join(["TS,Device,Tag", *(f"{moment},1,4" for moment in timestamps)]) + "\n"
    storage.put(Container.DATA, labels_blob(hour), labels)
    done = ordered(storage, scorer, TrainingSubject("1_4"), blobs=blobs)
    assert done.stderr == ""
    evaluation = results(storage)["1_4"].evaluation
    assert evaluation is not None
    assert evaluation.labels is not None
    assert (evaluation.readings, evaluation.labels.anomalies) == (60, 3)
