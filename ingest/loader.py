"""Laying readings out in the ``data`` container the way Stream Analytics would.

The loader owns every hour it writes. What other sources left in that hour, for whichever sensor, is removed
after the new blobs are there: loading a file again, or another one, never doubles readings, and a load that
is interrupted loses none and goes on where it stopped. Do not load an hour that a live stream still writes.

Readings wait on disk between the file and storage (``spool``), so memory does not grow with their number; the
disk needs some sixty bytes for each, where ``SQLITE_TMPDIR`` or ``TMPDIR`` says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from ingest.errors import NoReadings
from ingest.hour_files import blobs_of, checked_source, label_blobs
from ingest.readings_csv import ReadingsFile
from ingest.rejects import Rejects
from ingest.spool import Spool
from ingest.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from azure.storage.blob import ContainerClient

    from ingest.hour_files import HourBlob
    from ingest.reading import Reading
    from ingest.rejects import Reason, Reject
    from ingest.simulator import Label
    from scoring_contract.hour import RunHour


class Step(StrEnum):
    """What a load is at."""

    READING = "reading"
    """Counted in bytes of the file; readings of another source are not counted."""
    WRITING = "writing"
    """Counted in readings."""


Progress = Callable[[Step, int, int], None]
"""Called with a step, how much of it is done and how much there is, in the calling thread."""


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
    """Blobs with readings that are there now."""
    removed: int
    """Blobs of other sources that were removed from the hours."""
    kept: int = 0
    """Blobs that an earlier load of the same had left there already."""
    rejects: tuple[Reject, ...] = ()
    """The first rows that were refused."""
    rejects_total: int = 0
    """All rows that were refused."""
    reasons: tuple[Reason, ...] = ()
    """Why, each reason once."""

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
    """Write readings to ``readings/<hour>/<sensor>/<source>.csv`` and take over their hours.

    Sensors of a pack share ``readings/<hour>/_packs/<pack>/<source>.csv``.

    Nothing is written unless all readings could be read.

    :param readings: a :class:`~ingest.readings_csv.ReadingsFile`, whose rejects are then part of the result,
        or any other readings
    :param container: the ``data`` container; it must exist
    :param source: names the blobs, so that the same source overwrites its own
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
    tell = progress or _no_progress
    with Spool() as spool:
        spool.fill(readings, _progress_of(readings, tell))
        file = readings if isinstance(readings, ReadingsFile) else None
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
        )


def _progress_of(readings: Iterable[Reading], tell: Progress) -> Callable[[], None]:
    """Return what tells how far a file is read."""
    if not isinstance(readings, ReadingsFile):
        return lambda: None
    size = readings.size
    return lambda: tell(Step.READING, min(readings.bytes_read, size), size)


def _told_to(tell: Progress, total: int) -> Callable[[HourBlob], None]:
    """Return what tells how many readings are written, blob by blob."""
    done = 0

    def on_blob(blob: HourBlob) -> None:
        nonlocal done
        done += blob.readings
        tell(Step.WRITING, done, total)

    return on_blob


def _no_progress(_step: Step, _done: int, _total: int) -> None:
    pass
