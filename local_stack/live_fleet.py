"""The simulated fleet of a running stack, which sends readings every hour; sent readings never change."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from azure.core.exceptions import ResourceNotFoundError

from ingest.hour_files import label_blob, label_blobs
from ingest.loader import lay_out
from ingest.simulator import SOURCE, Fleet
from local_stack.minute_averages import averages_of, labels_of_averages
from scoring_contract.hour import RunHour
from scoring_contract.layout import REGISTRY_BLOB, Container, readings_folder
from scoring_contract.registry import Registry
from scoring_contract.sensor_names import sensor_id_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from local_stack.services.azurite import BlobStorage

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

    def __init__(self, storage: BlobStorage, *, ended: Path, sends_events: bool = False) -> None:
        self._data = storage.container(Container.DATA)
        self._models = storage.container(Container.MODELS)
        self._ended = ended
        self._sends_events = sends_events
        self._filled: RunHour | None = None
        self.fleet = Fleet()

    @property
    def is_sending(self) -> bool:
        """Whether the fleet still sends readings."""
        return not self._ended.exists()

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
        if self.is_sending and not self._registry().sensors:
            last = RunHour.containing(now).previous
            trainer.train(RunHour(last.start - timedelta(hours=TRAINED_HOURS)), last)

    def go_on(self, *, now: datetime) -> list[RunHour]:
        """Send the hours that have ended meanwhile, at most as many as a new stack starts with.

        :param now: current time
        :return: the hours that were sent now
        """
        last = RunHour.containing(now).previous
        if self._filled == last or not self.is_sending:
            return []
        span = [RunHour(last.start - timedelta(hours=back)) for back in range(TRAINED_HOURS, -1, -1)]
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

    def _send(self, hour: RunHour, *, anomalous: bool) -> None:
        spoilt = [hour] if anomalous else []
        readings = self.fleet.readings(hour, 1, anomalous=spoilt)
        labels = self.fleet.labels(hour, 1, anomalous=spoilt)
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
