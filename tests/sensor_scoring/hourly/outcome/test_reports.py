"""The reports of a run, in real Blob Storage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scoring_contract import layout
from scoring_contract.hour import RunHour
from scoring_contract.messages.report import Cause, Report, SensorReport, SensorState
from scoring_contract.messages.training import TrainingHours
from scoring_contract.messages.training_report import TrainingReport, TrainingResult
from sensor_scoring.azure_batch import ids
from sensor_scoring.blob_storage.store import BlobStore
from sensor_scoring.hourly.outcome.reports import last_words, reports_of
from sensor_scoring.hourly.planning.plan import Plan
from sensor_scoring.training.plan import TrainingPlan
from sensor_scoring.training.run import training_reports_of

if TYPE_CHECKING:
    from local_stack.services.azurite import BlobStorage

HOUR = RunHour.parse("2018-08-29T02")
RUN, PLANNED_AT = "scoring-20180829T02-00000report", "2018-08-29T03:05:00.000000Z"
JOB = f"{RUN}-g2"
PLAN = Plan(
    hour=HOUR,
    run=RUN,
    planned_at=PLANNED_AT,
    groups={"one": ("1_1", "1_2"), "two": ("2_1",)},
    silent=(),
    unmodelled=(),
)


def blob_of(group: str, *, epoch: int = 2) -> str:
    """Return the path of a group's first report."""
    return layout.report_blob(RUN, JOB, str(ids.AttemptId(ids.group_key(group), epoch, 0)))


def a_report(group: str) -> str:
    """Return the text of a report in which the whole group is scored."""
    sensors = tuple(SensorReport(sensor, SensorState.SCORED, readings=9) for sensor in PLAN.groups[group])
    return Report(HOUR, RUN, group, "m.json", PLANNED_AT, 0.5, sensors).to_json()


@pytest.mark.behaviour("unread-report")
@pytest.mark.parametrize("text", [b"{", b"", b"\xff", b"[]", b'{"hour": "2018-08-29T02"}'])
def test_a_report_that_does_not_read_fails_its_own_sensors_until_a_clear(
    storage: BlobStorage, text: bytes
) -> None:
    """It is named, other groups are unaffected, and a later epoch's report replaces it."""
    runs, store = storage.container("runs"), BlobStore("wasb_for_tests")
    for blob in list(runs.list_blob_names(name_starts_with=f"{RUN}/")):
        runs.delete_blob(blob)
    runs.upload_blob(blob_of("one"), text)
    runs.upload_blob(blob_of("two"), a_report("two"))
    said = last_words(reports_of(store, "runs", PLAN), planned_at=PLANNED_AT)
    states = {sensor: report.state for sensor, report in said.items()}
    failed, scored = SensorState.FAILED, SensorState.SCORED
    assert states == {"1_1": failed, "1_2": failed, "2_1": scored}
    assert said["1_1"].reason.startswith(f"its report {blob_of('one')} is unreadable: ")
    runs.upload_blob(blob_of("one", epoch=5), a_report("one"))
    said = last_words(reports_of(store, "runs", PLAN), planned_at=PLANNED_AT)
    assert {report.state for report in said.values()} == {scored}


def test_a_report_that_is_too_large_is_not_read(
    storage: BlobStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It fails its own sensors, and no more of it is fetched than shows that it is too large."""
    most, store = len(a_report("two")), BlobStore("wasb_for_tests")
    for module in ("scoring_contract.json_message", "sensor_scoring.hourly.outcome.reports"):
        monkeypatch.setattr(f"{module}.MOST_REPORT_BYTES", most)
    runs = storage.container("runs")
    runs.upload_blob(blob_of("one"), a_report("one") + " " * most)
    runs.upload_blob(blob_of("two"), a_report("two"))
    said = last_words(reports_of(store, "runs", PLAN), planned_at=PLANNED_AT)
    reason = f"its report {blob_of('one')} is unreadable: report: is larger than {most:,} bytes"
    assert [said[sensor].reason for sensor in ("1_1", "1_2", "2_1")] == [reason, reason, ""]
    assert len(store.read("runs", blob_of("one"), most_bytes=most) or b"") == most + 1


@pytest.mark.behaviour("training-bad-member")
@pytest.mark.parametrize("text", [b"{", b"", b"[]"])
def test_a_training_report_that_does_not_read_fails_its_own_sensors(
    storage: BlobStorage, text: bytes
) -> None:
    """It is named, and the other groups are judged and promoted."""
    runs, store = storage.container("runs"), BlobStore("wasb_for_tests")
    for blob in list(runs.list_blob_names(name_starts_with=f"{RUN}/")):
        runs.delete_blob(blob)
    hours = TrainingHours(HOUR.previous, HOUR, HOUR, HOUR.next)
    groups = {"one": ("1_1", "1_2"), "two": ("2_1",)}
    plan = TrainingPlan(hours=hours, run=RUN, planned_at=PLANNED_AT, groups=groups, silent=())
    good = TrainingReport(
        RUN, "two", PLANNED_AT, 0.5, (TrainingResult("2_1", cause=Cause.DATA, reason="few"),)
    )
    runs.upload_blob(blob_of("one"), text)
    runs.upload_blob(blob_of("two"), good.to_json())
    said = {
        result.sensor: result
        for report in training_reports_of(store, "runs", plan)
        for result in report.sensors
    }
    assert (said["2_1"].reason, said["2_1"].is_failed) == ("few", False)
    for sensor in groups["one"]:
        assert said[sensor].is_failed
        assert said[sensor].reason.startswith(f"its report {blob_of('one')} is unreadable: ")
