"""Both ends of the way from the devices: what another client finds in the hub, and what the files hold."""

from __future__ import annotations

import csv
import io
import json
import math
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ingest.event_hub import consumer_of
from local_stack.fleet.kept_hours import READINGS_FOLDER
from scoring_contract.layout import Container

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from azure.eventhub import EventData, PartitionContext

    from local_stack.services.azurite import BlobStorage

_MINUTE = len("2026-01-05T12:00")
_TICK = timedelta(microseconds=1)
_TOLERANCE = timedelta(seconds=30)
"""The job's out-of-order tolerance."""
Key = tuple[str, str, str]
"""Device, tag and minute."""


@dataclass(slots=True)
class Minute:
    """Values of a sensor's minute that the hub has."""

    total: float = 0.0
    count: int = 0

    def add(self, value: float) -> None:
        """Take a value in."""
        self.total += value
        self.count += 1

    def has_mean(self, value: float) -> bool:
        """Whether a value is their average, but for rounding: no event is left out, and none is in twice."""
        return math.isclose(value, self.total / self.count, rel_tol=1e-9)


@dataclass(slots=True)
class Audit:
    """What another client finds in the hub."""

    events: int = 0
    ids: set[str] = field(default_factory=set)
    minutes: dict[Key, Minute] = field(default_factory=dict)
    last: dict[str, str] = field(default_factory=dict)
    """Latest moment of each device."""

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Audit:
        """Receive every event of the hub."""
        found, lock = cls(), threading.Lock()
        with consumer_of(environ, "$Default") as client:
            ends = [client.get_partition_properties(name) for name in client.get_partition_ids()]
            waited = {str(end["id"]): threading.Event() for end in ends if not end["is_empty"]}
            last = {str(end["id"]): int(end["last_enqueued_sequence_number"]) for end in ends}

            def take(partition: PartitionContext, events: list[EventData]) -> None:
                with lock:
                    for event in events:
                        found.add(event)
                if events and (events[-1].sequence_number or 0) >= last[partition.partition_id]:
                    waited[partition.partition_id].set()

            receivers = [
                threading.Thread(
                    target=client.receive_batch,
                    args=(take,),
                    kwargs={"partition_id": name, "starting_position": "-1", "prefetch": 3000},
                )
                for name in waited
            ]
            for receiver in receivers:
                receiver.start()
            for end in waited.values():
                end.wait()
        for receiver in receivers:
            receiver.join()
        return found

    def add(self, event: EventData) -> None:
        """Take an event in."""
        body = json.loads(event.body_as_str())
        device, moment = body["Device"], body["TS"]
        self.events += 1
        self.ids.add(str(event.message_id))
        # A window has its end and not its beginning.
        minute = (datetime.fromisoformat(moment) - _TICK).isoformat()[:_MINUTE]
        self.minutes.setdefault((device, body["Tag"], minute), Minute()).add(float(body["Value"]))
        self.last[device] = max(self.last.get(device, ""), moment)

    def closed(self) -> Iterator[Key]:
        """Yield the minutes that are over: the device's latest event is beyond the tolerance."""
        limits = {
            device: datetime.fromisoformat(moment) - _TOLERANCE - timedelta(minutes=1)
            for device, moment in self.last.items()
        }
        for key in self.minutes:
            if datetime.fromisoformat(f"{key[2]}:00+00:00") < limits[key[0]]:
                yield key


def averages(storage: BlobStorage) -> tuple[dict[Key, set[float]], int]:
    """Read the files of readings.

    :return: the different averages of each minute, and the number of rows
    """
    found: dict[Key, set[float]] = {}
    count = 0
    with storage.container(Container.DATA) as data:
        for name in data.list_blob_names(name_starts_with=READINGS_FOLDER):
            text = data.download_blob(name).readall().decode()
            for row in csv.DictReader(io.StringIO(text)):
                key = row["Device"], row["Tag"], row["TS"][:_MINUTE]
                found.setdefault(key, set()).add(float(row["Value"]))
                count += 1
    return found, count
