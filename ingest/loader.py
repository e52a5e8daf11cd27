"""Loads readings into the ``data`` container, in the layout of Stream Analytics.

The loader owns every hour that it writes. After the new blobs are written, it removes the blobs of all other
sources from these hours, so loading a file again, or another one, never duplicates readings. An interrupted
load loses none, and continues where it stopped. Do not load an hour that a live stream still writes.

Readings wait on disk between file and storage (``spool``), so memory does not grow with their number; each
takes some sixty bytes in the folder that ``SQLITE_TMPDIR`` or ``TMPDIR`` names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from ingest.errors import NoReadings
from ingest.files.readings_csv import ReadingsFile
from ingest.files.readings_files import ReadingsFiles
from ingest.files.rejects import Rejects
from ingest.hour_files import blobs_of, checked_source, label_blobs
from ingest.spool import Spool
from ingest.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from azure.storage.blob import ContainerClient

    from ingest.files.rejects import Reason, Reject
    from ingest.hour_files import HourBlob
    from ingest.reading import Reading
    from ingest.simulator import Label
    from scoring_contract.hour import RunHour


class Step(StrEnum):
    """Steps of a load."""

    READING = "reading"
    """Progress in bytes of the file; none for other sources."""
    WRITING = "writing"
    """Progress in readings."""


Progress = Callable[[Step, int, int], None]
"""Called with a step, its progress so far and its total, in the thread of the caller."""


@dataclass(frozen=True, slots=True)
class Laid:
    """The result of a load."""

    source: str
    hours: tuple[RunHour, ...]
    """Hours with readings, in order, at least one; there may be gaps between them."""
    sensors: tuple[str, ...]
    """Ids of all sensors with readings, in order."""
    readings: int
    blobs: int
    """Number of blobs of this source."""
    removed: int
    """Number of blobs of other sources that were removed from the hours."""
    kept: int = 0
    """Number of blobs that an earlier load had already written with the same content."""
    rejects: tuple[Reject, ...] = ()
    """The first refused rows."""
    rejects_total: int = 0
    """Number of all refused rows."""
    reasons: tuple[Reason, ...] = ()
    """Reasons of the refusals, each once."""
    blank_cells: int = 0
    """Empty cells of wide files, which are no readings."""

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
    progress: Progress | None = None,
    labels: Iterable[Label] | None = None,
    pack_of: Mapping[str, str] | None = None,
) -> Laid:
    """Write readings to ``readings/<hour>/<sensor>/<source>.csv``, and take over their hours.

    Sensors of a pack share ``readings/<hour>/_packs/<pack>/<source>.csv``.

    Writing starts after all readings have been read.

    :param readings: files, whose rejects become part of the result, or
        any other readings
    :param container: the ``data`` container; it must exist
    :param source: names the blobs, so that a source overwrites its own blobs
    :param labels: written to ``labels/<hour>.csv``; None removes the labels of these hours
    :param pack_of: sensor to pack, for sensors that share files
    :raises NoReadings: if there are none
    :raises scoring_contract.errors.SensorNameError: if a device or a tag is no name, unless a ReadingsFile
        rejects it
    :raises ValueError: if the source is not valid in a blob name, or a label belongs to none of the hours
    :raises StorageFailed: if Blob Storage refuses or does not answer
    """
    checked_source(source)
    tell = progress or _no_progress
    with Spool() as spool:
        spool.fill(readings, _progress_of(readings, tell))
        file = readings if isinstance(readings, ReadingsFile | ReadingsFiles) else None
        rejects = file.rejects if file else Rejects()
        if not spool.count:
            raise NoReadings(file.name if file else source, rejects.total, tuple(map(str, rejects.reasons)))
        hours = spool.hours
        label_texts = None if labels is None else tuple(label_blobs(labels, hours))
        with Writer(container) as writer:
            blobs = blobs_of(spool, source, pack_of or {})
            writer.take_over(blobs, _told_to(tell, spool.count), keep_labels=label_texts is not None)
            writer.upload(label_texts or ())
        return Laid(
            source=source,
            hours=hours,
            sensors=spool.sensors,
            readings=spool.count,
            blobs=writer.written.blobs,
            removed=writer.written.removed,
            kept=writer.written.kept,
            rejects=tuple(rejects.listed),
            rejects_total=rejects.total,
            reasons=rejects.reasons,
            blank_cells=file.blank_cells if file else 0,
        )


def _progress_of(readings: Iterable[Reading], tell: Progress) -> Callable[[], None]:
    """Return a function that reports the progress of reading."""
    if not isinstance(readings, ReadingsFile | ReadingsFiles):
        return lambda: None
    size = readings.size
    return lambda: tell(Step.READING, min(readings.bytes_read, size), size)


def _told_to(tell: Progress, total: int) -> Callable[[HourBlob], None]:
    """Return a function that reports the progress of writing, blob by blob."""
    done = 0

    def on_blob(blob: HourBlob) -> None:
        nonlocal done
        done += blob.readings
        tell(Step.WRITING, done, total)

    return on_blob


def _no_progress(_step: Step, _done: int, _total: int) -> None:
    pass
