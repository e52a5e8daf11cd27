"""The simulated fleet of a running stack, against a real Azurite and a manual clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

import pytest

from ingest.hour_files import label_blob
from local_stack.bootstrap import SCORER
from local_stack.fleet.demo_day import DemoDay
from local_stack.fleet.kept_hours import hours_with_readings
from local_stack.fleet.live_fleet import LiveFleet
from local_stack.services.azurite import running_azurite
from local_stack.training import train_models
from scoring_contract.hour import RunHour
from scoring_contract.layout import REGISTRY_BLOB, Container, readings_folder
from scoring_contract.messages.registry import Registry
from tests.support.blob_storage import empty

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local_stack.services.azurite import BlobStorage

NOW = datetime(2026, 11, 27, 12, 52, tzinfo=UTC)


class Trainer:
    """The part of a stack that a fleet needs: training."""

    trained: ClassVar[dict[tuple[RunHour, RunHour], dict[str, bytes]]] = {}
    """The blobs that a training leaves, by its hours: the same readings give the same models."""

    def __init__(self, storage: BlobStorage) -> None:
        self.storage = storage
        self.calls: list[tuple[RunHour, RunHour]] = []

    def train(self, first: RunHour, until: RunHour) -> str:
        """Train; once for all tests that train on the same hours."""
        self.calls.append((first, until))
        container = self.storage.container(Container.MODELS)
        if (first, until) not in self.trained:
            train_models(self.storage, SCORER, first, until)
            names = container.list_blob_names()
            self.trained[first, until] = {name: container.download_blob(name).readall() for name in names}
        for name, content in self.trained[first, until].items():
            container.upload_blob(name, content, overwrite=True)
        return f"trained on {first} to {until}"


@pytest.fixture(scope="module")
def own_azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BlobStorage]:
    """Run an Azurite for the tests of this file."""
    folder = tmp_path_factory.mktemp("fleet")
    with running_azurite(folder / "blobs", log=folder / "azurite.log") as storage:
        yield storage


@pytest.fixture
def storage(own_azurite: BlobStorage) -> BlobStorage:
    """Run an empty Azurite."""
    empty(own_azurite)
    return own_azurite


def contents(storage: BlobStorage) -> dict[str, tuple[bytes, object]]:
    """Return every blob of readings, labels and models with its modification time."""
    found: dict[str, tuple[bytes, object]] = {}
    for name in (Container.DATA, Container.MODELS):
        container = storage.container(name)
        for blob in container.list_blobs():
            found[f"{name}/{blob.name}"] = (container.download_blob(blob.name).readall(), blob.etag)
    return found


def test_two_starts_an_hour_apart_rewrite_nothing(storage: BlobStorage, tmp_path: Path) -> None:
    """The second start adds the hour that has ended since, trains nothing, and changes no other byte."""
    trainer, marker = Trainer(storage), tmp_path / "own"
    LiveFleet(storage, ended=marker).begin(trainer, now=NOW)
    last = RunHour.parse("2026-11-27T11")
    assert trainer.calls == [(RunHour.parse("2026-11-27T06"), last)]
    before = contents(storage)

    LiveFleet(storage, ended=marker).begin(trainer, now=NOW + timedelta(hours=1))
    after = contents(storage)
    assert {name: after[name] for name in before} == before
    added = after.keys() - before.keys()
    new_folder = f"data/{readings_folder(last.next)}"
    assert all(name.startswith((new_folder, "data/labels/2026/11/27/12")) for name in added)
    assert len(added) == 15 + 1, "an hour of fifteen sensors, and its labels"
    assert len(trainer.calls) == 1
    labels = after["data/labels/2026/11/27/12.csv"][0]
    assert labels.count(b"\n") > 15, "hours that come later have anomalies to find"


def test_the_fleet_goes_on_while_the_stack_is_up(storage: BlobStorage, tmp_path: Path) -> None:
    """Each hour is filled once when it ends; after downtime, only the last few hours are."""
    fleet = LiveFleet(storage, ended=tmp_path / "own")
    assert len(fleet.go_on(now=NOW)) == 6
    assert fleet.go_on(now=NOW + timedelta(minutes=7)) == []
    assert fleet.go_on(now=NOW + timedelta(minutes=8)) == [RunHour.parse("2026-11-27T12")]
    assert fleet.go_on(now=NOW + timedelta(minutes=9)) == []
    later = fleet.go_on(now=NOW + timedelta(days=2))
    assert [str(hour) for hour in later] == [f"2026-11-29T{hour:02}" for hour in range(6, 12)]


class Noted:
    """Notes what it is to train on."""

    def __init__(self) -> None:
        self.calls: list[tuple[RunHour, RunHour]] = []

    def train(self, first: RunHour, until: RunHour) -> str:
        """Note it."""
        self.calls.append((first, until))
        return ""


def test_a_new_fleet_can_have_a_day_behind_it(storage: BlobStorage, tmp_path: Path) -> None:
    """It is trained on the hours of the day before anything goes wrong, and goes on as ever."""
    trainer, fleet = Noted(), LiveFleet(storage, ended=tmp_path / "own")
    fleet.day = day = DemoDay(RunHour.containing(NOW).previous)
    data = storage.container(Container.DATA)
    for hour in day.hours[1:-1]:  # A start that was interrupted has sent them, which saves time here.
        data.upload_blob(label_blob(hour), b"")
    assert fleet.is_new
    fleet.begin(trainer, now=NOW)
    assert hours_with_readings(data) == [day.hours[0], day.last]
    assert trainer.calls == [(day.hours[0], day.trained_until)]
    last = list(data.list_blob_names(name_starts_with=readings_folder(day.last)))
    assert len(last) == 14, "one sensor is silent"
    assert fleet.go_on(now=NOW + timedelta(hours=1)) == [day.last.next]
    following = list(data.list_blob_names(name_starts_with=readings_folder(day.last.next)))
    assert len(following) == 15


def test_what_runs_have_found_can_be_forgotten(storage: BlobStorage, tmp_path: Path) -> None:
    """Sensors of the same names begin without a past; readings stay, and what runs keep for themselves."""
    gone = {
        Container.RUNS: ["_hours/2026/11/27/11.json.gz", "_alerts/history.json"],
        Container.PREDICTIONS: ["2026/11/27/11/1_1.csv", "2026/11/27/11/_packs/p.csv"],
    }
    kept = {
        Container.RUNS: ["scoring-20261127T11-1/summary.json"],
        Container.PREDICTIONS: ["2018/08/29/02/1_1.csv"],
        Container.DATA: ["readings/2026/11/27/11/1_1/simulated.csv"],
    }
    for container, names in [*gone.items(), *kept.items()]:
        for name in names:
            storage.container(container).upload_blob(name, b"")
    fleet = LiveFleet(storage, ended=tmp_path / "own")
    for _ in range(2):
        fleet.forget()
        assert {name: list(storage.container(name).list_blob_names()) for name in kept} == kept


def test_a_fleet_that_sends_events_fills_what_has_none(storage: BlobStorage, tmp_path: Path) -> None:
    """Hours before the first event are averages of minutes; later ones are its devices', and get labels."""
    fleet = LiveFleet(storage, ended=tmp_path / "own", sends_events=True)
    assert len(fleet.go_on(now=NOW)) == 6
    data = storage.container(Container.DATA)
    text = data.download_blob("readings/2026/11/27/11/1_1/simulated.csv").readall()
    assert [line[:19] for line in text.decode().splitlines()[1:]] == [
        f"2026-11-27 11:{minute:02}:00" for minute in range(60)
    ]
    data.upload_blob("readings/2026/11/27/12/1_1/0_abc.csv", b"TS,Device,Tag,Value\n")
    assert fleet.go_on(now=NOW + timedelta(minutes=8)) == []
    labels = data.download_blob("labels/2026/11/27/12.csv").readall().decode().splitlines()[1:]
    assert len(labels) > 15
    assert {line[17:19] for line in labels} == {"00"}, "an average has the time of its minute"


def test_what_others_have_sent_is_theirs(storage: BlobStorage, tmp_path: Path) -> None:
    """An hour with readings from elsewhere is left alone; a start that was cut short is completed."""
    data = storage.container(Container.DATA)
    theirs = "readings/2026/11/27/11/1_4/0_abc.csv"
    data.upload_blob(theirs, b"TS,Device,Tag,Value\n")
    data.upload_blob("readings/2026/11/27/10/1_1/simulated.csv", b"half an ho")
    filled = LiveFleet(storage, ended=tmp_path / "own").go_on(now=NOW)
    assert [str(hour) for hour in filled] == [f"2026-11-27T{hour:02}" for hour in range(6, 11)]
    assert data.download_blob(theirs).readall() == b"TS,Device,Tag,Value\n"
    assert len(list(data.list_blob_names(name_starts_with="readings/2026/11/27/10/"))) == 15


def test_the_fleet_ends_with_readings_of_ones_own(storage: BlobStorage, tmp_path: Path) -> None:
    """After a load it sends nothing more, restarts included, and later plans contain none of its sensors."""
    trainer, marker = Trainer(storage), tmp_path / "own"
    fleet = LiveFleet(storage, ended=marker)
    fleet.begin(trainer, now=NOW)
    before = hours_with_readings(storage.container(Container.DATA))
    assert len(fleet.end()) == 15
    assert fleet.go_on(now=NOW + timedelta(hours=1)) == []
    LiveFleet(storage, ended=marker).begin(trainer, now=NOW + timedelta(hours=2))
    assert hours_with_readings(storage.container(Container.DATA)) == before
    text = storage.container(Container.MODELS).download_blob(REGISTRY_BLOB).readall()
    assert not Registry.from_json(text).sensors
    trainer.train(*trainer.calls[0])
    assert fleet.end() == frozenset(), "models of the same names are now people's own"
    text = storage.container(Container.MODELS).download_blob(REGISTRY_BLOB).readall()
    assert len(Registry.from_json(text).sensors) == 15
    data = storage.container(Container.DATA)
    data.upload_blob("readings/2018/08/29/02/1_4/file.csv", b"TS,Device,Tag,Value\n")
    assert hours_with_readings(data) == [RunHour.parse("2018-08-29T02")], "what is simulated no longer counts"
