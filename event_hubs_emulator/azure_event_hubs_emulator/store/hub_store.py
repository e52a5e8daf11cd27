"""The logs of all partitions of all hubs, in one data folder."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from azure_event_hubs_emulator.errors import BadState
from azure_event_hubs_emulator.store.folder_lock import FolderLock
from azure_event_hubs_emulator.store.null_log import NullLog
from azure_event_hubs_emulator.store.partition_log import PartitionLog, Retention

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from azure_event_hubs_emulator.hubs import HubSpec


class HubStore:
    """What the emulator keeps; ``close`` it to let another process have the folder."""

    def __init__(
        self,
        data: Path,
        hubs: Iterable[HubSpec],
        *,
        now: datetime,
        retention: Retention,
        fsync: bool = False,
        keep_nothing: bool = False,
    ) -> None:
        """Open every partition.

        :param keep_nothing: acknowledge events and forget them, to measure the way to the store
        :raises BadState: if the folder is in use, damaged, or its hubs have other numbers of partitions
        """
        data.mkdir(parents=True, exist_ok=True)
        self._lock = FolderLock(data)
        self._logs: dict[str, list[PartitionLog]] = {}
        self._created: dict[str, datetime] = {}
        kind = NullLog if keep_nothing else PartitionLog
        try:
            for hub in hubs:
                folder = data / "hubs" / hub.key
                self._created[hub.key] = _first_created(folder, hub, now)
                logs = [
                    kind(folder / str(number), retention=retention, fsync=fsync)
                    for number in range(hub.partitions)
                ]
                self._logs[hub.key] = logs
                for log in logs:
                    log.open()
        except BaseException:
            self.close()
            raise

    def log(self, hub: HubSpec, partition: int) -> PartitionLog:
        """Give the log of a partition."""
        return self._logs[hub.key][partition]

    def created(self, hub: HubSpec) -> datetime:
        """Tell when a hub was first made here."""
        return self._created[hub.key]

    @property
    def latest(self) -> int:
        """The last time of arrival that is kept, in milliseconds since 1970; 0 without any."""
        return max((log.ends.last_time or 0 for logs in self._logs.values() for log in logs), default=0)

    def expire(self, *, now: int) -> None:
        """Delete what is too old or too much.

        :param now: milliseconds since 1970
        """
        for logs in self._logs.values():
            for log in logs:
                log.expire(now=now)

    def close(self) -> None:
        """Close all files and let others in."""
        for logs in self._logs.values():
            for log in logs:
                log.close()
        self._lock.release()


def _first_created(folder: Path, hub: HubSpec, now: datetime) -> datetime:
    file = folder / "hub.json"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(".new")
        draft.write_text(json.dumps({"created": now.isoformat(), "partitions": hub.partitions}))
        draft.replace(file)
        return now
    try:
        known: dict[str, Any] = json.loads(file.read_text())
        created, partitions = datetime.fromisoformat(known["created"]), int(known["partitions"])
    except (ValueError, KeyError, TypeError) as problem:
        raise BadState(f"{file} is damaged: {problem}") from None
    if partitions != hub.partitions:
        raise BadState(
            f"hub {hub.name} has {partitions} partitions in {folder}, not {hub.partitions}: "
            "the number cannot change, as keys would lead elsewhere"
        )
    return created
