"""The simulated fleet of a running stack, which sends readings every hour; sent readings never change."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from azure.core.exceptions import ResourceNotFoundError

from ingest.hour_files import label_blob, label_blobs
from ingest.loader import lay_out
from ingest.simulator import SOURCE, Fleet, labels_of
from local_stack.fleet.minute_averages import averages_of, labels_of_averages
from scoring_contract.hour import RunHour
from scoring_contract.layout import (
    HOURS_FOLDER,
    REGISTRY_BLOB,
    Container,
    hour_of_record,
    predictions_folder,
    readings_folder,
)
from scoring_contract.messages.registry import Registry
from scoring_contract.sensor_names import sensor_id_of
from sensor_scoring.alerts.history_store import HISTORY_BLOB

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from ingest.reading import Reading
    from ingest.simulator import Label
    from local_stack.fleet.demo_day import DemoDay
    from local_stack.services.blob_account import BlobAccount

TRAINED_HOURS = 5
"""Hours of readings that a new stack starts with, before the last complete hour, to train on."""


class Trainer(Protocol):
    """What trains a fleet's first models: a stack."""

    def train(self, first: RunHour, until: RunHour) -> str:
        """Train on hours with readings; return the closing line."""


class LiveFleet:
    """Sends simulated readings for past hours without readings.

    :param storage: receives the readings
    :param ended: marker file: once it exists, people have loaded their own readings and the fleet stops
    :param sends_events: whether its devices send events: hours are then minutes' averages, and only those
        without any event are filled here
    """

    def __init__(self, storage: BlobAccount, *, ended: Path, sends_events: bool = False) -> None:
        self._data = storage.container(Container.DATA)
        self._models = storage.container(Container.MODELS)
        self._predictions = storage.container(Container.PREDICTIONS)
        self._runs = storage.container(Container.RUNS)
        self._ended = ended
        self._sends_events = sends_events
        self._filled: RunHour | None = None
        self.fleet = Fleet()
        self.day: DemoDay | None = None
        """That it has behind it when it begins; None for a few hours."""

    @property
    def is_sending(self) -> bool:
        """Whether the fleet still sends readings."""
        return not self._ended.exists()

    @property
    def is_new(self) -> bool:
        """Whether it has not begun yet: there are no models."""
        return self.is_sending and not self._registry().sensors

    @property
    def sensors(self) -> frozenset[str]:
        """Ids of its sensors."""
        devices, tags = range(1, self.fleet.devices + 1), range(1, self.fleet.tags + 1)
        return frozenset(sensor_id_of(str(device), str(tag)) for device in devices for tag in tags)

    def begin(self, trainer: Trainer, *, now: datetime) -> None:
        """Send the hours before the current one; train the first models, unless models exist.

        :param now: current time
        :raises StackError: if training fails
        """
        self.go_on(now=now)
        if self.is_new:
            last = RunHour.containing(now).previous
            if self.day:
                trainer.train(self.day.hours[0], self.day.trained_until)
            else:
                trainer.train(RunHour(last.start - timedelta(hours=TRAINED_HOURS)), last)

    def go_on(self, *, now: datetime) -> list[RunHour]:
        """Send the hours that have ended meanwhile, at most as many as a new stack starts with, and its day.

        :param now: current time
        :return: the hours that were sent now
        """
        last = RunHour.containing(now).previous
        if self._filled == last or not self.is_sending:
            return []
        recent = {RunHour(last.start - timedelta(hours=back)) for back in range(TRAINED_HOURS + 1)}
        span = sorted(recent | set(self.day.hours if self.day else ()))
        found = [hour for hour in span if not self._has_readings(hour)]
        has_models = bool(self._registry().sensors)
        for hour in found:
            # The first models are trained on hours without anomalies.
            self._send(hour, anomalous=has_models or hour == last)
        if self._sends_events:
            self._label(set(span) - set(found))
        self._filled = last
        return found

    def end(self) -> frozenset[str]:
        """Stop sending, and remove the sensors from the registry, where they would count as silent forever.

        Their readings, models and predictions stay. A second call removes nothing: models of the same names
        are people's own by then.

        :return: the sensors that had a model
        """
        if not self.is_sending:
            return frozenset()
        self._ended.touch()
        registry = self._registry()
        gone = self.sensors & registry.sensors.keys()
        if gone:
            left = {sensor: entry for sensor, entry in registry.sensors.items() if sensor not in gone}
            self._models.upload_blob(REGISTRY_BLOB, Registry(left).to_json().encode(), overwrite=True)
        return gone

    def forget(self) -> None:
        """Remove what runs have found in its hours: records, predictions, and what alerts compare with.

        Call it before runs of other readings are recorded. The next sensors may have the same names.
        """
        for name in [*self._runs.list_blob_names(name_starts_with=HOURS_FOLDER)]:
            hour = hour_of_record(name)
            if hour is not None:
                for found in [*self._predictions.list_blob_names(name_starts_with=predictions_folder(hour))]:
                    self._predictions.delete_blob(found)
            self._runs.delete_blob(name)
        with suppress(ResourceNotFoundError):
            self._runs.delete_blob(HISTORY_BLOB)

    def _send(self, hour: RunHour, *, anomalous: bool) -> None:
        if self.day and hour in self.day.hours:
            labelled = list(self.day.labelled(hour, anomalous=anomalous))
        else:
            labelled = list(self.fleet.labelled(hour, 1, anomalous=[hour] if anomalous else []))
        readings: Iterable[Reading] = (each.reading for each in labelled)
        labels: Iterable[Label] = labels_of(labelled)
        if self._sends_events:
            readings, labels = averages_of(readings), labels_of_averages(labels)
        lay_out(readings, self._data, source=SOURCE, labels=labels)

    def _label(self, hours: Iterable[RunHour]) -> None:
        """Write the labels of hours whose readings came as events."""
        for hour in hours:
            labels = labels_of_averages(self.fleet.labels(hour, 1))
            for blob in label_blobs(labels, [hour]):
                if not self._data.get_blob_client(blob.name).exists():
                    self._data.upload_blob(blob.name, blob.data)

    def _has_readings(self, hour: RunHour) -> bool:
        """Whether an hour has loaded readings, or simulated ones; of the latter, labels are written last."""
        if self._data.get_blob_client(label_blob(hour)).exists():
            return True
        names = self._data.list_blob_names(name_starts_with=readings_folder(hour))
        return any(not name.endswith(f"/{SOURCE}.csv") for name in names)

    def _registry(self) -> Registry:
        try:
            return Registry.from_json(self._models.download_blob(REGISTRY_BLOB).readall())
        except ResourceNotFoundError:
            return Registry()
