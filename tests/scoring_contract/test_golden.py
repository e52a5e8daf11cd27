"""Message formats, pinned by golden files: a change here affects every deployed scorer."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scoring_contract.errors import InvocationError
from scoring_contract.fit_options import FitOptions
from scoring_contract.hour import RunHour
from scoring_contract.messages.invocation import PROGRAM, ScoreInvocation, TrainInvocation
from scoring_contract.messages.manifest import Manifest, ModelRef, PackSlice, SensorOrder
from scoring_contract.messages.planned_file import PlannedFile
from scoring_contract.messages.registry import Registry, SensorEntry, TrainedModel, TrainedSensor
from scoring_contract.messages.report import Cause, Report, SensorReport, SensorState, Stage
from scoring_contract.messages.span_label import LabelId, LabelKind, SpanLabel
from scoring_contract.messages.training import TrainingHours, TrainingOrder, TrainingSubject
from scoring_contract.messages.training_report import (
    Comparison,
    Evaluation,
    LabelCheck,
    TrainingReport,
    TrainingResult,
)

GOLDEN = Path(__file__).parent / "golden"
HOUR = RunHour.parse("2018-08-29T02")
RUN = "scoring-20180829T02-b047316e0f"
PLANNED_AT = "2018-08-29T03:05:00.000000Z"
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
MODEL = ModelRef(
    version="20180829T02-0123456789",
    blob="1_4/20180829T02-0123456789/model.json",
    sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    format="ocsvm-json/2",
    pack=PackSlice("_packs/p0001/20180829T02-89abcdef01.jsonl", offset=2002, length=1998),
)

MANIFEST = Manifest(
    hour=HOUR,
    run=RUN,
    group="1_4",
    planned_at=PLANNED_AT,
    sensors=(
        SensorOrder(
            sensor="1_4",
            device="1",
            tag="4",
            model=MODEL,
            readings=("readings/2018/08/29/02/1_4/0.csv", "readings/2018/08/29/02/_packs/p0001/1.csv"),
            pack="p0001",
        ),
    ),
    traceparent=TRACEPARENT,
    image=f"example.azurecr.io/sensor-scoring:1@sha256:{MODEL.sha256}",
    files={
        "readings/2018/08/29/02/1_4/0.csv": PlannedFile(9127, datetime(2018, 8, 29, 3, 0, 7, tzinfo=UTC)),
    },
)
REPORT = Report(
    hour=HOUR,
    run=RUN,
    group="1_4",
    manifest=f"{RUN}/manifests/1_4.json",
    planned_at=PLANNED_AT,
    seconds=0.25,
    sensors=(
        SensorReport(
            sensor="1_4",
            state=SensorState.SCORED,
            readings=298,
            rejected=2,
            anomalies=15,
            seconds=0.125,
            model_sha256=MODEL.sha256,
            noticed={"unreadable": 2, "out of order": 7},
        ),
        SensorReport(
            sensor="1_5", state=SensorState.FAILED, cause=Cause.MODEL, reason="its model is not there"
        ),
    ),
    noticed={"of another sensor": 3},
    traceparent=TRACEPARENT,
    started_at="2018-08-29T03:05:07.125000Z",
    stages=(Stage("prepare", 0.0, 0.0625, 0.0625), Stage("fetch", 0.0625, 0.1875, 0.25)),
)
REGISTRY = Registry(
    {
        "1_4": SensorEntry(
            device="1",
            tag="4",
            current=MODEL.version,
            pack="p0001",
            former_packs=("p0009",),
            versions={
                MODEL.version: TrainedModel(
                    ref=MODEL,
                    trained_from=RunHour.parse("2018-08-28T23"),
                    trained_until=HOUR,
                    rows=902,
                    libraries={"numpy": "2.4.6", "scikit-learn": "1.9.1"},
                )
            },
        )
    }
)
INVOCATION = ScoreInvocation(
    manifest=f"{RUN}/manifests/1_4.json",
    report=f"{RUN}/reports/{RUN}-g2/1_4-0c79023f43-e2-a0.json",
)

TRAINING_ORDER = TrainingOrder(
    run="training-20180829T02-b047316e0f",
    group="1_4..1_5",
    planned_at=PLANNED_AT,
    hours=TrainingHours(RunHour.parse("2018-08-28T23"), HOUR, HOUR, HOUR.next),
    options=FitOptions(nu=0.05, gamma=0.5, features=("Value", "Mean")),
    sensors=(TrainingSubject("1_4", ("1", "4"), MODEL, ("p0001",)), TrainingSubject("1_5")),
    training=("readings/2018/08/28/23/1_5/0.csv", "readings/2018/08/29/00/_packs/p0001/1.csv"),
    evaluation=("readings/2018/08/29/02/1_5/0.csv",),
    labels=("labels/_spans/1_4/20180829T021005000-20180829T021500250-3f9c0a1b2c4d.json",),
)
TRAINING_REPORT = TrainingReport(
    run="training-20180829T02-b047316e0f",
    group="1_4..1_5",
    planned_at=PLANNED_AT,
    seconds=2.5,
    sensors=(
        TrainingResult(
            sensor="1_4",
            trained=TrainedSensor("1_4", "1", "4", REGISTRY.entry("1_4").versions[MODEL.version]),
            evaluation=Evaluation(
                298, 15, Comparison("20180822T02-fedcba9876", 0.0625, 3), LabelCheck(4, 15, 3)
            ),
            compared_with="20180822T02-fedcba9876",
        ),
        TrainingResult("1_5", cause=Cause.DATA, reason="only 5 readings; 30 required"),
    ),
)
LABEL = SpanLabel(
    sensor="1_4",
    id=LabelId(1535508605000, 1535508900250, "3f9c0a1b2c4d"),
    kind=LabelKind.REAL,
    readings=(1535508605000000, 1535508620000000),
    note="bearing of pump 1\nreplaced",
    by="ada",
    at=PLANNED_AT,
)
TRAIN_INVOCATION = TrainInvocation(
    order="training-20180829T02-b047316e0f/orders/1_4..1_5.json",
    report="training-20180829T02-b047316e0f/reports/training-20180829T02-b047316e0f-g2/1_4-1_5-e2-a0.json",
)

CASES = [
    pytest.param("manifest.json", MANIFEST, Manifest, id="manifest"),
    pytest.param("report.json", REPORT, Report, id="report"),
    pytest.param("registry.json", REGISTRY, Registry, id="registry"),
    pytest.param("training_order.json", TRAINING_ORDER, TrainingOrder, id="training-order"),
    pytest.param("training_report.json", TRAINING_REPORT, TrainingReport, id="training-report"),
    pytest.param("span_label.json", LABEL, SpanLabel, id="label"),
]


@pytest.mark.parametrize(("file", "message", "kind"), CASES)
def test_a_message_is_written_as_the_golden_file_says(file, message, kind) -> None:
    """The contract covers every byte of a message, order and line ends included."""
    assert isinstance(message, kind)
    assert message.to_json() == (GOLDEN / file).read_text()


@pytest.mark.parametrize(("file", "message", "kind"), CASES)
def test_a_golden_file_reads_back_as_the_message(file, message, kind) -> None:
    """What the other side wrote is read without loss."""
    assert kind.from_json((GOLDEN / file).read_text()) == message


def test_the_command_line_is_the_golden_one() -> None:
    """The contract also covers the command that Batch runs."""
    golden = (GOLDEN / "command.txt").read_text().strip()
    assert shlex.join([*PROGRAM, *INVOCATION.to_argv()]) == golden
    assert ScoreInvocation.from_argv(shlex.split(golden)[len(PROGRAM) :]) == INVOCATION


def test_the_command_line_of_training_is_the_golden_one() -> None:
    """And the one for training."""
    golden = (GOLDEN / "train_command.txt").read_text().strip()
    assert shlex.join([*PROGRAM, *TRAIN_INVOCATION.to_argv()]) == golden
    assert TrainInvocation.from_argv(shlex.split(golden)[len(PROGRAM) :]) == TRAIN_INVOCATION
    with pytest.raises(InvocationError, match="expected --order --report"):
        TrainInvocation.from_argv(["train", "--order", "a"])
    with pytest.raises(InvocationError, match="expected 'train'"):
        TrainInvocation.from_argv(["score"])
