"""The Airflow sensor that checks predictions, executed as Airflow does, on real Blob Storage."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk.exceptions import TaskDeferred
from airflow.triggers.base import TaskSuccessEvent
from structlog.testing import capture_logs

from scoring_contract import layout
from scoring_contract.hour import RunHour
from scoring_contract.layout import Container
from scoring_contract.messages.report import Report, SensorReport, SensorState
from scoring_contract.predictions import COLUMNS, PredictionMark
from sensor_scoring.azure_batch import ids
from sensor_scoring.errors import PredictionsIncomplete
from sensor_scoring.hourly.planning.plan import Plan
from sensor_scoring.hourly.sensor import PredictionBlobSensor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local_stack.services.azurite import BlobStorage

HOUR = RunHour.parse("2018-08-29T11")
RUN, PLANNED_AT = "scoring-20180829T11-0000confirm", "2018-08-29T12:05:00.000000Z"
EARLIER, LATER = "2018-08-29T12:04:59.999999Z", "2018-08-29T12:06:00.000000Z"
SENSORS = ["1_1", "1_2", "1_3"]
HEADER = ",".join(COLUMNS) + "\r\n"
ROW = "2018-08-29T11:00:00Z,1,1,3.5,0,0.1\r\n"


@dataclass
class Instance:
    """The part of a task instance that the sensor reads: how the run's other instances ended."""

    states: dict[str, str] = field(default_factory=lambda: {f"score_{i}": "success" for i in range(3)})
    dag_id: str = "dag"
    run_id: str = "run"
    task_id: str = "confirm"
    noted: list[Any] = field(default_factory=list)

    def xcom_push(self, *, key: str, value: Any) -> None:
        """Keep what the sensor pushes."""
        self.noted.append((key, value))

    def get_task_states(self, *, dag_id: str, run_ids: list[str]) -> dict[str, dict[str, str]]:
        """Answer as Airflow's."""
        assert dag_id == self.dag_id
        return dict.fromkeys(run_ids, self.states)


@dataclass
class Hour:
    """An hour of three scored sensors in Blob Storage, and the Airflow sensor that checks it."""

    storage: BlobStorage
    instance: Instance = field(default_factory=Instance)
    waited: bool = False
    """Whether it was deferred."""

    def write(self, sensor: str, text: str = HEADER + ROW, /, **mark: Any) -> None:
        """Overwrite predictions as a scorer does, with a given mark."""
        said: dict[str, Any] = {
            "hour": HOUR,
            "sensor": sensor,
            "model_sha256": "0",
            "manifest": "m",
            "planned_at": PLANNED_AT,
        }
        metadata = PredictionMark(**(said | mark)).to_metadata()
        self.blob(sensor).upload_blob(text, overwrite=True, metadata=metadata)

    def blob(self, sensor: str) -> Any:
        """Return the client of a sensor's predictions."""
        return self.storage.container(Container.PREDICTIONS).get_blob_client(
            layout.prediction_blob(HOUR, sensor)
        )

    def report(self, sensor: str, state: SensorState) -> None:
        """Write the scorer's report on a sensor."""
        key = str(ids.AttemptId(ids.group_key(sensor), 2, 0))
        said = Report(HOUR, RUN, sensor, "m", PLANNED_AT, 0.5, (SensorReport(sensor, state, reason="none"),))
        self.storage.container(Container.RUNS).upload_blob(
            layout.report_blob(RUN, f"{RUN}-g2", key), said.to_json(), overwrite=True
        )

    def check(self, *, wait_seconds: float = 0.2, meanwhile: Callable[[], Any] = lambda: None) -> None:
        """Do what scheduler, worker and triggerer do with the task.

        :param meanwhile: done between worker and triggerer
        :raises PredictionsIncomplete: when it fails
        """
        sensor = PredictionBlobSensor(
            task_id="confirm",
            plan_blob=layout.plan_blob(RUN),
            wait_seconds=wait_seconds,
            poll_seconds=0.1,
            wasb_conn_id="wasb_for_tests",
        )
        try:
            sensor.execute({"ti": self.instance})  # type: ignore[typeddict-item]
        except TaskDeferred as deferral:
            self.waited = True
            meanwhile()
            event = asyncio.run(_event_of(deferral.trigger))
            if not isinstance(event, TaskSuccessEvent):
                sensor.execute_complete({"ti": self.instance}, event.payload)  # type: ignore[typeddict-item]  # it reads no more


async def _event_of(trigger: Any) -> Any:
    async with aclosing(trigger.run()) as events:
        return await anext(events)


@pytest.fixture
def hour(storage: BlobStorage) -> Iterator[Hour]:
    """Write the plan and all its predictions; clean up afterwards."""
    plan = Plan(
        hour=HOUR,
        run=RUN,
        planned_at=PLANNED_AT,
        groups={sensor: (sensor,) for sensor in SENSORS},
        silent=(),
        unmodelled=(),
    )
    storage.container(Container.RUNS).upload_blob(layout.plan_blob(RUN), plan.to_json(), overwrite=True)
    hour = Hour(storage)
    for sensor in SENSORS:
        hour.write(sensor)
    yield hour
    for container, folder in (
        (Container.RUNS, f"{RUN}/"),
        (Container.PREDICTIONS, layout.predictions_folder(HOUR)),
    ):
        client = storage.container(container)
        for name in list(client.list_blob_names(name_starts_with=folder)):
            client.delete_blob(name)


def test_it_is_green_at_once_when_all_is_there(hour: Hour) -> None:
    """Without a wait, the triggerer is not involved."""
    hour.check()
    assert not hour.waited


@pytest.mark.behaviour("gate")
@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        pytest.param(
            lambda hour: hour.blob("1_2").upload_blob(HEADER + ROW, overwrite=True),
            "1 stale (1_2)",
            id="overwritten-by-a-stranger",
        ),
        pytest.param(
            lambda hour: hour.write("1_2", planned_at=EARLIER),
            "1 stale (1_2)",
            id="overwritten-by-an-earlier-plan",
        ),
        pytest.param(
            lambda hour: hour.write("1_2", sensor="1_1"), "1 stale (1_2)", id="overwritten-by-another-sensor"
        ),
        pytest.param(
            lambda hour: hour.write("1_2", hour=HOUR.previous), "1 stale (1_2)", id="of-another-hour"
        ),
        pytest.param(lambda hour: hour.write("1_2", HEADER), "1 empty (1_2)", id="without-a-row"),
        pytest.param(lambda hour: hour.write("1_2", ""), "1 empty (1_2)", id="without-a-byte"),
        pytest.param(lambda hour: hour.blob("1_2").delete_blob(), "1 missing (1_2)", id="missing"),
    ],
)
def test_a_prediction_that_is_not_right_fails_it(
    hour: Hour, spoil: Callable[[Hour], Any], said: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It waits first, as it may still come; then a sentence before the traceback says what is wrong."""
    spoil(hour)
    hour.write("9_9")
    with pytest.raises(PredictionsIncomplete) as failure:
        hour.check()
    assert f"confirm failed: {failure.value}" in caplog.messages
    assert str(failure.value) == f"predictions of {HOUR}: {said}; 1 not expected (9_9)"
    assert hour.waited


@pytest.mark.behaviour("gate")
def test_predictions_that_nobody_expects_are_named_and_fail_nothing(hour: Hour) -> None:
    """All expected ones exist, and another run of a larger fleet may have written the rest."""
    hour.write("9_9")
    with capture_logs() as lines:
        hour.check()
    assert f"Predictions of {HOUR}: 3, 1 not expected (9_9)" in [line["event"] for line in lines]


def test_a_later_run_of_the_hour_may_have_written_them(hour: Hour) -> None:
    """Its plan saw more readings, not fewer."""
    hour.write("1_2", planned_at=LATER)
    hour.check()
    assert not hour.waited


def test_what_comes_while_it_waits_makes_it_green(hour: Hour) -> None:
    """The trigger ends the wait without another worker."""
    hour.blob("1_2").delete_blob()
    hour.check(wait_seconds=3600, meanwhile=lambda: hour.write("1_2"))
    assert hour.waited


@pytest.mark.behaviour("gate")
def test_what_a_failed_instance_owes_is_not_waited_for(hour: Hour) -> None:
    """It will not come, and is named at once."""
    hour.blob("1_2").delete_blob()
    hour.instance.states["score_1"] = "failed"
    with pytest.raises(PredictionsIncomplete, match=r"1 missing \(1_2\)"):
        hour.check(wait_seconds=3600)
    assert not hour.waited


def test_a_sensor_that_turned_out_to_be_silent_owes_nothing(hour: Hour) -> None:
    """Only the scorer saw that the shared file has no row of it."""
    hour.blob("1_2").delete_blob()
    hour.report("1_2", SensorState.SKIPPED)
    hour.check(wait_seconds=3600)
    assert not hour.waited


@pytest.mark.parametrize("blob", ["", "no-such-run/plan.json"])
def test_without_a_plan_it_fails(hour: Hour, blob: str) -> None:
    """Nothing says what to expect, so green would be a guess."""
    sensor = PredictionBlobSensor(task_id="confirm", plan_blob=blob, wasb_conn_id="wasb_for_tests")
    with pytest.raises(PredictionsIncomplete, match="the expected predictions are unknown"):
        sensor.execute({"ti": hour.instance})  # type: ignore[typeddict-item]
