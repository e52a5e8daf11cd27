"""Finding incomplete hours in a real Blob Storage."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from scoring_contract import layout
from scoring_contract.hour import RunHour
from scoring_contract.messages.manifest import ModelRef
from scoring_contract.messages.registry import Registry, TrainedModel, TrainedSensor
from scoring_contract.predictions import PredictionMark
from sensor_scoring.azure_batch.ids import hour_prefix, run_base
from sensor_scoring.blob_storage.store import BlobStore
from sensor_scoring.errors import RegistryDamaged, RegistryMissing
from sensor_scoring.hourly.outcome.summary import Outcome, SensorOutcome, Summary
from sensor_scoring.hourly.planning.plan import Plan
from sensor_scoring.missing_hours.scan import find_gaps
from sensor_scoring.setting_groups import ConnectionSettings, ContainerSettings
from sensor_scoring.settings import Settings

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

    from local_stack.services.azurite import BlobStorage
    from sensor_scoring.missing_hours.gaps import Gap

FIRST = RunHour.parse("2031-03-01T00")
SETTINGS = Settings(
    containers=ContainerSettings(models_container="audited-models"),
    connections=ConnectionSettings(wasb_conn_id="wasb_for_tests"),
)


@pytest.fixture
def storage_of(storage: BlobStorage) -> BlobStorage:
    """Create a container with a registry of two sensors."""
    models: ContainerClient = storage.container(SETTINGS.containers.models_container)
    if not models.exists():
        models.create_container()
    model = TrainedModel(ModelRef("v1", "m.json", "0" * 64, "f"), None, None, 0, {})
    news = [TrainedSensor(f"1_{tag}", "1", tag, model) for tag in "12"]
    models.upload_blob(layout.REGISTRY_BLOB, Registry().publishing(news).to_json(), overwrite=True)
    return storage


def send(storage: BlobStorage, hour: RunHour, *sensors: str) -> None:
    """Write readings."""
    for sensor in sensors:
        name = f"{layout.readings_prefix(hour, sensor)}0.csv"
        storage.container("data").upload_blob(name, "TS,Device,Tag,Value\n", overwrite=True)


def score(storage: BlobStorage, hour: RunHour, outcomes: dict[str, Outcome], *, planned: datetime) -> None:
    """Write what a run leaves."""
    run, text = run_base("scoring", hour, dag_id="d", run_id="r"), planned.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    groups = {sensor: (sensor,) for sensor in outcomes}
    plan = Plan(hour=hour, run=run, planned_at=text, groups=groups, silent=(), unmodelled=())
    lines = tuple(SensorOutcome(sensor=name, outcome=outcome) for name, outcome in outcomes.items())
    summary = Summary(hour=hour, run=run, dag_run_id="r", sensors=lines)
    for name, body in (
        (layout.plan_blob(run), plan.to_json()),
        (layout.summary_blob(run), summary.to_json()),
    ):
        storage.container("runs").upload_blob(name, body, overwrite=True)
    for sensor in (name for name, outcome in outcomes.items() if outcome is Outcome.SCORED):
        mark = PredictionMark(hour, sensor, "0", "m", text).to_metadata()
        blob = layout.prediction_blob(hour, sensor)
        storage.container("predictions").upload_blob(blob, "x" * 200, metadata=mark, overwrite=True)


def gaps(*, until: RunHour) -> list[Gap]:
    """Look for gaps."""
    now = until.end + timedelta(hours=1)
    return list(find_gaps(BlobStore("wasb_for_tests"), SETTINGS, first=FIRST, until=until, now=now))


def test_the_hours_that_lack_something_are_found_with_what_they_lack(storage_of: BlobStorage) -> None:
    """A complete hour, a silent sensor, a failed one, late readings, and an hour without a run."""
    whole, silent, failed, late, never = (RunHour(FIRST.start + timedelta(hours=n)) for n in range(5))
    after, before = (datetime.now(UTC) + timedelta(minutes=minutes) for minutes in (2, -2))
    good, nothing, bad = Outcome.SCORED, Outcome.SILENT, Outcome.FAILED
    for hour in (whole, silent, failed, late, never):
        send(storage_of, hour, "1_1", "1_2")
    score(storage_of, whole, {"1_1": good, "1_2": good}, planned=after)
    score(storage_of, silent, {"1_1": good, "1_2": nothing}, planned=after)
    score(storage_of, failed, {"1_1": good, "1_2": bad}, planned=after)
    score(storage_of, late, {"1_1": good, "1_2": good}, planned=before)
    found = {gap.hour: gap for gap in gaps(until=never.next)}
    assert list(found) == [failed, late, never]
    assert found[failed].unpredicted == ("1_2",)
    assert found[late].late == ("1_1", "1_2")
    assert (found[never].is_unscored, found[never].unpredicted) == (True, ("1_1", "1_2"))


def test_a_run_that_does_not_read_keeps_no_hour_from_being_looked_at(storage_of: BlobStorage) -> None:
    """Its record of silent sensors is lost, so those count as missing, in its hour only."""
    hour = RunHour(FIRST.start + timedelta(days=1))
    send(storage_of, hour, "1_1", "1_2")
    score(
        storage_of,
        hour,
        {"1_1": Outcome.SCORED, "1_2": Outcome.SILENT},
        planned=datetime.now(UTC) + timedelta(minutes=2),
    )

    def unpredicted() -> dict[RunHour, tuple[str, ...]]:
        now = hour.end + timedelta(hours=1)
        found = find_gaps(BlobStore("wasb_for_tests"), SETTINGS, first=hour, until=hour.next, now=now)
        return {gap.hour: gap.unpredicted for gap in found}

    assert unpredicted() == {}
    (name,) = [
        blob
        for blob in storage_of.container("runs").list_blob_names(
            name_starts_with=hour_prefix(SETTINGS.hourly.job_prefix, hour)
        )
        if blob.endswith("/plan.json")
    ]
    storage_of.container("runs").upload_blob(name, "{", overwrite=True)
    assert unpredicted() == {hour: ("1_2",)}


@pytest.mark.behaviour("no-registry")
def test_a_missing_registry_is_no_empty_fleet(storage: BlobStorage) -> None:
    """Without it, calling every hour complete would be a guess."""
    send(storage, FIRST, "1_1")
    settings = Settings(
        containers=ContainerSettings(models_container="no-such-container"),
        connections=ConnectionSettings(wasb_conn_id="wasb_for_tests"),
    )
    now = FIRST.end + timedelta(hours=1)
    with pytest.raises(RegistryMissing, match=r"no-such-container/registry\.json: run the DAG"):
        list(find_gaps(BlobStore("wasb_for_tests"), settings, first=FIRST, until=FIRST.next, now=now))


@pytest.mark.behaviour("no-registry")
def test_a_damaged_registry_is_no_empty_fleet(storage_of: BlobStorage) -> None:
    """The error says what is wrong and what to do, as in the plan."""
    storage_of.container(SETTINGS.containers.models_container).upload_blob(
        layout.REGISTRY_BLOB, "{", overwrite=True
    )
    said = r"audited-models/registry\.json, is damaged and was left alone: registry: is not JSON: .*; restore"
    with pytest.raises(RegistryDamaged, match=said):
        gaps(until=FIRST.next)
