"""The way of readings in ``make run INGEST=1``: devices, event hub, Stream Analytics job, Blob Storage."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ingest.hour_files import LABELS_FOLDER, label_blobs
from ingest.loader import Laid
from local_stack.fleet.kept_hours import READINGS_FOLDER, hours_with_readings
from local_stack.fleet.live_ingest import DISTURBANCES, ensure_packs, environ_of, ingest_command
from local_stack.fleet.minute_averages import labels_of_averages
from local_stack.hour import SIMULATED_HOUR, TRAINING_HOURS
from local_stack.services.event_hub import running_event_hub
from local_stack.services.processes import StackError
from scoring_contract.hour import RunHour
from scoring_contract.layout import Container, sensor_of_readings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ingest.simulator import Fleet
    from local_stack.display import Stage
    from local_stack.services.event_hub import EventHub
    from local_stack.stack import Stack

_UNPLACED = ("undecodable", "without_time", "without_key")
_HOURS = TRAINING_HOURS + 2
"""The hour after the scored one, too: a minute is averaged when later events of its device have come."""


@dataclass(frozen=True, slots=True)
class EventAccount:
    """Where the events went."""

    sent: int
    """Events that the hub has acknowledged."""
    twice: int
    """Those of them that were sent a second time."""
    averaged: int
    """Events in the averages that were written."""
    open: int
    """Events of minutes that are not over yet."""
    dropped: Mapping[str, int]
    """Events that were too late, too early or unreadable, by reason."""
    readings: int
    """Averages that were written."""
    lost: int
    """Events that are none of these: 0, or there is a fault."""

    @classmethod
    def of(cls, devices: dict[str, Any], job: dict[str, Any]) -> EventAccount:
        """Put the accounts of the devices and of the job together.

        :param devices: what ``ingest simulate`` has printed
        :param job: what ``ingest stream`` has printed
        """
        averaged, waiting = sum(job["in_windows"].values()), sum(job["waiting"].values())
        placed = {reason: count for reason, count in job["placed"].items() if reason.startswith("dropped")}
        dropped = {
            **{reason.removeprefix("dropped, "): count for reason, count in placed.items()},
            **{reason.replace("_", " "): job[reason] for reason in _UNPLACED},
            "filtered": sum(job["filtered"].values()),
        }
        # What the hub delivers again after a lost connection is read again, and skipped.
        read = job["read"] - job["repeated"]
        return cls(
            sent=devices["acknowledged"],
            twice=devices["twice"],
            averaged=averaged,
            open=waiting,
            dropped=dropped,
            readings=sum(job["rows_written"].values()),
            lost=abs(devices["acknowledged"] - read) + abs(read - averaged - waiting - sum(dropped.values())),
        )

    def __str__(self) -> str:
        dropped = ", ".join(f"{count:,} were dropped ({why})" for why, count in self.dropped.items() if count)
        return (
            f"{self.sent:,} events were sent, {self.twice:,} of them twice: {self.averaged:,} are averaged "
            f"in {self.readings:,} readings, {self.open:,} are of minutes that are not over, "
            f"{dropped or 'none was dropped'}, {self.lost:,} are unaccounted for"
        )


@dataclass(frozen=True, slots=True)
class EventChain:
    """Sends the events of the simulated fleet, and lets the job write what they become.

    :param stage: shows the progress
    """

    stack: Stack
    stage: Stage
    fleet: Fleet

    def run(self) -> tuple[Laid, EventAccount]:
        """Replace what an earlier run has written.

        :raises StackError: if a part does not start, or fails
        """
        folder = self.stack.workspace.root / "events"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self._clear()
        log = self.stack.workspace.logs / "event-hub.log"
        with running_event_hub(folder / "hub", log=log, is_replay=True) as hub:
            self.stage.note("devices send events")
            devices = self._facts("simulate", hub, *self._sending(), "--state", str(folder / "devices.json"))
            self.stage.note(f"the Stream Analytics job averages {devices['acknowledged']:,} events")
            reading = ("--until-end", "--clock", "events", "--state", str(folder / "job"))
            account = EventAccount.of(devices, self._facts("stream", hub, *reading))
        return self._laid(account), account

    def _clear(self) -> None:
        ensure_packs(self.stack.storage)
        with self.stack.storage.container(Container.DATA) as data:
            for prefix in (READINGS_FOLDER, LABELS_FOLDER):
                for name in data.list_blob_names(name_starts_with=prefix):
                    data.delete_blob(name)

    def _facts(self, command: str, hub: EventHub, *options: str) -> dict[str, Any]:
        """Run a command of ``ingest`` on the hub; return what it prints.

        :raises StackError: if it fails
        """
        environ = environ_of(hub, self.stack.storage)
        logs = self.stack.workspace.logs
        with ingest_command(command, environ, logs, *options, reads_stdout=True) as server:
            text = "".join(server.lines())
            if code := server.process.wait():
                raise StackError(f"{server.name} ended with code {code}:\n{server.tail()}")
        found: dict[str, Any] = json.loads(text)
        return found

    def _sending(self) -> Sequence[str]:
        until = RunHour(SIMULATED_HOUR.end + timedelta(hours=1))
        size = ("--devices", str(self.fleet.devices), "--tags", str(self.fleet.tags))
        hours = ("--hours", str(_HOURS), "--until", str(until), "--anomalous", str(SIMULATED_HOUR))
        return (*size, *hours, *DISTURBANCES, "--keep-arrival")

    def _laid(self, account: EventAccount) -> Laid:
        """Write the labels, and describe what was written."""
        with self.stack.storage.container(Container.DATA) as data:
            names = [*data.list_blob_names(name_starts_with=READINGS_FOLDER)]
            hours = hours_with_readings(data)
            labels = labels_of_averages(self.fleet.labels(SIMULATED_HOUR, 1))
            for blob in label_blobs(labels, hours):
                data.upload_blob(blob.name, blob.data, overwrite=True)
        sensors = {sensor for name in names if (sensor := sensor_of_readings(name))}
        return Laid(
            source="events",
            hours=tuple(hours),
            sensors=tuple(sorted(sensors)),
            readings=account.readings,
            blobs=len(names),
            removed=0,
        )
