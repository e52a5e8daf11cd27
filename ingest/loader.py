"""Laying readings out in the ``data`` container the way Stream Analytics would. The storage edge of ingest.

The loader owns every hour it writes. What other sources left in that hour, for whichever sensor, is removed
after the new blobs are there: loading a file again, or another one, never doubles readings, and a load that
is interrupted loses none. Do not load an hour that a live stream still writes.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Self

from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError
from azure.storage.blob import ContentSettings

from ingest.errors import NoReadings, StorageFailed
from ingest.hour_files import HourFiles, checked_source, label_blob, label_blobs
from ingest.readings_csv import ReadingsFile, Rejects
from scoring_contract.layout import pack_of_readings, readings_folder, sensor_of_readings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from azure.storage.blob import ContainerClient

    from ingest.hour_files import BlobText
    from ingest.reading import Reading
    from ingest.readings_csv import Reject
    from ingest.simulator import Label
    from scoring_contract.hour import RunHour

_THREADS = 8  # the client keeps ten connections; more threads would open and drop others


@dataclass(frozen=True, slots=True)
class Laid:
    """What a load did."""

    source: str
    hours: tuple[RunHour, ...]
    """Hours with readings, in order, never empty; there may be gaps between them."""
    sensors: tuple[str, ...]
    """Ids of all sensors with readings, in order."""
    readings: int
    blobs: int
    """Blobs with readings that were written."""
    removed: int
    """Blobs of other sources that were removed from the hours."""
    rejects: tuple[Reject, ...] = ()
    """The first rows that were refused."""
    rejects_total: int = 0
    """All rows that were refused."""

    @property
    def first_hour(self) -> RunHour:
        """First hour with readings."""
        return self.hours[0]

    @property
    def last_hour(self) -> RunHour:
        """Last hour with readings."""
        return self.hours[-1]


def lay_out(
    readings: Iterable[Reading],
    container: ContainerClient,
    *,
    source: str,
    progress: Callable[[int, int], None] | None = None,
    labels: Iterable[Label] | None = None,
    pack_of: Mapping[str, str] | None = None,
) -> Laid:
    """Write readings to ``readings/<hour>/<sensor>/<source>.csv`` and take over their hours.

    Sensors of a pack share ``readings/<hour>/_packs/<pack>/<source>.csv``.

    Nothing is written unless all readings could be read.

    :param readings: a :class:`~ingest.readings_csv.ReadingsFile`, whose rejects are then part of the result,
        or any other readings
    :param container: the ``data`` container; it must exist
    :param source: names the blobs, so that the same source overwrites its own
    :param progress: called with the blobs written so far and all to be written, in the calling thread
    :param labels: written beside the readings to ``labels/<hour>.csv``; without them, labels of an earlier
        load of these hours are removed
    :param pack_of: sensor to its pack, for those that have one
    :raises NoReadings: if there is not one
    :raises SensorCollision: if two pairs of device and tag share one sensor id
    :raises scoring_contract.errors.LayoutError: if a pair cannot name a sensor; a ReadingsFile has none such
    :raises ValueError: if the source cannot name a blob, or a label belongs to none of the hours
    :raises StorageFailed: if Blob Storage refuses
    """
    checked_source(source)
    files = HourFiles.of(readings)
    rejects = readings.rejects if isinstance(readings, ReadingsFile) else Rejects()
    if not files.readings:
        raise NoReadings(source, rejects.total, rejects.listed[0].reason if rejects.listed else "")
    blobs = tuple(files.blobs(source, pack_of or {}))
    label_texts = None if labels is None else tuple(label_blobs(labels, files.hours))
    with _Writer(container) as writer:
        writer.upload(blobs, progress or _no_progress)
        removed = writer.remove_others(files.hours, keep={blob.name for blob in blobs})
        if label_texts is None:
            writer.delete([label_blob(hour) for hour in files.hours])
        else:
            writer.upload(label_texts, _no_progress)
    return Laid(
        source=source,
        hours=files.hours,
        sensors=files.sensors,
        readings=files.count,
        blobs=len(blobs),
        removed=removed,
        rejects=tuple(rejects.listed),
        rejects_total=rejects.total,
    )


class _Writer:
    """Calls to one container, many at a time."""

    def __init__(self, container: ContainerClient) -> None:
        self._container = container
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="ingest")
        self._csv = ContentSettings(content_type="text/csv; charset=utf-8")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def upload(self, blobs: tuple[BlobText, ...], progress: Callable[[int, int], None]) -> None:
        self._all([partial(self._put, blob) for blob in blobs], lambda done: progress(done, len(blobs)))

    def remove_others(self, hours: Iterable[RunHour], *, keep: set[str]) -> int:
        """Delete the readings of the hours that are not among ``keep``; other kinds of blobs stay."""
        others: list[str] = []
        self._all([partial(self._find, hour, others) for hour in hours])
        removed = sorted(name for name in others if name not in keep)
        self.delete(removed)
        return len(removed)

    def delete(self, names: list[str]) -> None:
        """Delete blobs; one that is not there is deleted already."""
        self._all([partial(self._delete, name) for name in names])

    def _all(self, calls: list[Callable[[], None]], on_done: Callable[[int], None] | None = None) -> None:
        """Make the calls; the first that fails raises, and those not yet begun are dropped on leaving."""
        futures = [self._pool.submit(call) for call in calls]
        for done, future in enumerate(as_completed(futures), start=1):
            future.result()
            if on_done:
                on_done(done)

    def _put(self, blob: BlobText) -> None:
        with _failing_as(f"write {blob.name}"):
            self._container.upload_blob(
                blob.name, blob.text.encode(), overwrite=True, content_settings=self._csv
            )

    def _find(self, hour: RunHour, into: list[str]) -> None:
        folder = readings_folder(hour)
        with _failing_as(f"list {folder}"):
            names = self._container.list_blob_names(name_starts_with=folder)
            into.extend(name for name in names if sensor_of_readings(name) or pack_of_readings(name))

    def _delete(self, name: str) -> None:
        with _failing_as(f"delete {name}"), suppress(ResourceNotFoundError):
            self._container.delete_blob(name)


@contextmanager
def _failing_as(action: str) -> Iterator[None]:
    try:
        yield
    except HttpResponseError as error:
        code = getattr(error, "error_code", None) or error.reason or type(error).__name__
        status = f" (status {error.status_code})" if error.status_code else ""
        raise StorageFailed(action, f"{code}{status}") from error
    except AzureError as error:
        raise StorageFailed(action, type(error).__name__) from error


def _no_progress(_written: int, _all: int) -> None:
    pass
