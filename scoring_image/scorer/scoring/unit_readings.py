"""The files of readings of one unit: each is fetched once, parsed later, and divided among its sensors."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scorer.errors import BlobMissing, ScorerError
from scorer.readings.files import MOST_BYTES, ReadingTable, RowIssue, in_order, read_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from scorer.scoring.reading_blobs import ReadingBlobs
    from scorer.scoring.work import SensorWork
    from scoring_contract.hour import RunHour

    Attempt = Callable[..., AbstractContextManager[None]]
    Pieces = defaultdict[str, list[ReadingTable]]

BYTES_AHEAD = MOST_BYTES
"""Bytes of files that are fetched before the first is parsed; further files are fetched one by one."""


@dataclass(frozen=True, slots=True)
class UnitReadings:
    """Files by name; a file is dropped once it is parsed."""

    files: dict[str, bytes | None]
    """None for a file beyond ``BYTES_AHEAD``, which is fetched in its turn."""
    data: ReadingBlobs | None = None
    """Where the files are."""

    @classmethod
    def fetched(cls, data: ReadingBlobs, blobs: Iterable[str], works: Sequence[SensorWork]) -> UnitReadings:
        """Fetch the files of a unit; sensors whose file is missing or fails to load are marked.

        :param blobs: names, each once
        """
        files: dict[str, bytes | None] = {}
        room = BYTES_AHEAD
        for blob in blobs:
            if room <= 0:
                files[blob] = None
            elif (content := _fetched(data, blob, _readers(works, blob))) is not None:
                files[blob] = content
                room -= len(content)
        return cls(files, data)

    def hand_out(self, works: Sequence[SensorWork], hour: RunHour, attempt: Attempt) -> Counter[str]:
        """Give each sensor its rows.

        :param attempt: context in which an error fails the given sensors only
        :return: issues of rows that belong to no sensor: issue to number of rows
        """
        pieces: Pieces = defaultdict(list)
        unowned: Counter[RowIssue] = Counter()
        for blob in list(self.files):
            readers = _readers(works, blob)
            with attempt(*readers):
                content = self.files.pop(blob)
                if content is None and self.data is not None:
                    content = _fetched(self.data, blob, readers)
                if content is not None:
                    unowned += _shared_out(blob, content, hour, readers, pieces, is_own=len(works) == 1)
        for work in works:
            work.table = in_order(pieces.pop(work.order.sensor, ()))
        return Counter({str(issue): count for issue, count in unowned.items()})


def _fetched(data: ReadingBlobs, blob: str, readers: Sequence[SensorWork]) -> bytes | None:
    """Fetch a file; None if it cannot be fetched, and its readers are marked."""
    try:
        return data.read(blob)
    except BlobMissing:
        for work in readers:
            work.gone += 1
    except ScorerError as fault:
        for work in readers:
            work.fail(fault.cause, str(fault))
    return None


def _readers(works: Iterable[SensorWork], blob: str) -> list[SensorWork]:
    return [work for work in works if blob in work.order.readings]


def _shared_out(
    blob: str, data: bytes, hour: RunHour, readers: Sequence[SensorWork], pieces: Pieces, *, is_own: bool
) -> Counter[RowIssue]:
    """Parse a file, once for each set of features that its sensors' models use.

    :param is_own: whether it is the file of one sensor, to which issues of unknown rows count
    """
    owner = {(work.order.device, work.order.tag): work.order.sensor for work in readers}
    unowned: list[Counter[RowIssue]] = []
    for features in dict.fromkeys(work.features for work in readers):
        rows = read_file(blob, data, hour=hour, owner=_lookup(owner), features=features)
        if rows.problem:
            for work in readers:
                if work.features == features:
                    work.problems.append(f"{blob} {rows.problem}")
        if is_own:
            pieces[readers[0].order.sensor].append(rows.of(readers[0].order.sensor))
            return Counter()
        unowned.append(rows.unowned)
        for work in readers:
            table = rows.tables.get(work.order.sensor)
            if table is not None and work.features == features:
                pieces[work.order.sensor].append(table)
    return unowned[0]


def _lookup(owner: Mapping[tuple[str, str], str]) -> Callable[[str, str], str | None]:
    return lambda device, tag: owner.get((device, tag))
