"""The history of the fleet: the records of its hours in Blob Storage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scoring_contract import layout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scoring_contract.hour import RunHour
    from sensor_scoring.blob_storage.store import BlobStore
    from sensor_scoring.settings import Settings


@dataclass(frozen=True, slots=True)
class FoundRecord:
    """A record as a listing shows it.

    :param etag: changes with every write
    :param size: bytes, compressed
    """

    hour: RunHour
    etag: str
    size: int


class History:
    """The records of a deployment."""

    def __init__(self, store: BlobStore, settings: Settings) -> None:
        self._store = store
        self._container = settings.containers.runs_container

    def among(self, first: RunHour, last: RunHour) -> list[FoundRecord]:
        """List the records of a range, both ends included, oldest first."""
        # A month is one page of a listing, and a range has few months.
        months = sorted({layout.hour_records_folder(hour) for hour in _hours(first, last)})
        found = (record for month in months for record in self._listed(month))
        return [record for record in found if first <= record.hour <= last]

    def newest(self) -> RunHour | None:
        """Return the newest hour that has a record; None if none has."""
        return self._outermost(reversed, -1)

    def oldest(self) -> RunHour | None:
        """Return the oldest hour that has a record; None if none has."""
        return self._outermost(iter, 0)

    def record(self, hour: RunHour) -> tuple[bytes, str] | None:
        """Return the record of an hour, compressed as it is stored, and its ETag; None if there is none."""
        found = self._store.read_versioned(self._container, layout.hour_record_blob(hour))
        return (found[0], found[1].strip('"')) if found else None

    def _outermost(self, ordered: Callable[[list[str]], Iterator[str]], end: int) -> RunHour | None:
        for year in ordered(self._store.folders(self._container, layout.HOURS_FOLDER)):
            for month in ordered(self._store.folders(self._container, f"{year}/")):
                if found := list(self._listed(f"{month}/")):
                    return found[end].hour
        return None

    def _listed(self, folder: str) -> Iterator[FoundRecord]:
        for blob in self._store.found(self._container, folder):
            if hour := layout.hour_of_record(blob.name):
                yield FoundRecord(hour, blob.etag, blob.size)


def _hours(first: RunHour, last: RunHour) -> Iterator[RunHour]:
    while first <= last:
        yield first
        first = first.next
