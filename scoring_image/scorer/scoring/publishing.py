"""Publishes predictions: they replace those of an earlier plan, never those of a later one.

Two runs can score the same hour at the same time (the schedule and a backfill, or a manual run). Their
predictions share one blob on purpose. The later plan knows more (late readings, a newer model), so its
predictions stay, whichever run writes last.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from scorer.errors import BlobConflict, BlobMissing
from scoring_contract.predictions import PackMark, PredictionFormat, PredictionMark, can_follow
from scoring_contract.reading_files.csv_dialect import split_line
from scoring_contract.sensor_names import sensor_named

if TYPE_CHECKING:
    from scorer.storage import BlobContainer, Versioned

_TRIES = 5
"""Each conflict means that another run has just written; more of them at once are not expected."""

_REMEMBERED_PAIRS = 1 << 12


def publish(
    predictions: BlobContainer,
    blob: str,
    data: bytes,
    mark: PredictionMark,
    form: PredictionFormat = PredictionFormat.CSV,
) -> bool:
    """Write the predictions of one sensor, unless those of a later plan are there.

    The first attempt is one request, and succeeds if the hour was not scored before.

    :param data: the rendered blob
    :param mark: its metadata
    :return: whether ours were written
    :raises BlobConflict: if other runs win every attempt
    :raises StorageFault: if storage refuses or does not answer
    """
    etag = None
    for _ in range(_TRIES):
        try:
            predictions.write_if_unchanged(
                blob, data, content_type=form.content_type, etag=etag, metadata=mark.to_metadata()
            )
        except BlobConflict:
            found = _read(predictions, blob)
            there = PredictionMark.from_metadata(found.metadata) if found else None
            etag = found.etag if found else None
            if found and there and _is_later(there.planned_at, mark.planned_at, found):
                return False
        else:
            return True
    raise BlobConflict(f"predictions/{blob}", f"other runs changed it before each of {_TRIES} attempts")


def publish_pack(
    predictions: BlobContainer,
    blob: str,
    data: bytes,
    mark: PackMark,
    form: PredictionFormat = PredictionFormat.CSV,
) -> bool:
    """Write the predictions of a pack, unless those of a later plan are there.

    A retry of the same plan scores only the sensors that are left; the predictions that earlier tries wrote
    for the others stay in the blob.

    :param data: the rendered blob, about the sensors of the mark
    :param mark: its metadata
    :return: whether ours were written
    :raises BlobConflict: if other runs win every attempt
    :raises StorageFault: if storage refuses or does not answer
    """
    etag, whole, names = None, data, mark
    for _ in range(_TRIES):
        try:
            predictions.write_if_unchanged(
                blob, whole, content_type=form.content_type, etag=etag, metadata=names.to_metadata()
            )
        except BlobConflict:
            found = _read(predictions, blob)
            there = PackMark.from_metadata(found.metadata) if found else None
            etag, whole, names = found.etag if found else None, data, mark
            if found and there and _is_later(there.planned_at, mark.planned_at, found):
                return False
            if found and there and there.planned_at == mark.planned_at:
                whole, names = _merged(found.data, there, data, mark, form)
        else:
            return True
    raise BlobConflict(f"predictions/{blob}", f"other runs changed it before each of {_TRIES} attempts")


def _merged(
    before: bytes, there: PackMark, data: bytes, mark: PackMark, form: PredictionFormat
) -> tuple[bytes, PackMark]:
    """Return blob and metadata with the earlier rows of other sensors, then ours."""
    mine = set(mark.sensors)
    merge = merged_csv if form is PredictionFormat.CSV else _merged_parquet
    both = merge(before, data, mine)
    if both is None:  # rows with other columns cannot stay
        return data, mark
    whole, rows = both
    names = [sensor for sensor in there.sensors if sensor not in mine]
    return whole, replace(mark, sensors=(*names, *mark.sensors), rows=rows)


def _merged_parquet(before: bytes, data: bytes, mine: set[str]) -> tuple[bytes, int] | None:
    from scorer.scoring.prediction_parquet import merged  # noqa: PLC0415  # brings pyarrow

    return merged(before, data, mine=mine)


def merged_csv(before: bytes, data: bytes, mine: set[str]) -> tuple[bytes, int] | None:
    """Return the earlier rows of other sensors, then ours.

    :param before: the earlier blob
    :param data: ours
    :param mine: ids of the sensors in ours
    :return: the merged blob and its number of rows; None if the columns differ
    """
    header, _, ours = data.partition(b"\n")
    first, *rows = before.splitlines(keepends=True)
    if first.rstrip() != header.rstrip():
        return None
    columns = _fields_of(header)
    device, tag = columns.index("Device"), columns.index("Tag")
    sensor_of = lru_cache(_REMEMBERED_PAIRS)(sensor_named)
    cells = map(_fields_of, rows)
    kept = [row for row, of in zip(rows, cells, strict=True) if sensor_of(of[device], of[tag]) not in mine]
    return b"".join([first, *kept, ours]), len(kept) + ours.count(b"\n")


def _fields_of(row: bytes) -> list[str]:
    return split_line(row.decode().rstrip("\r\n"), ",")


def _is_later(theirs: str, ours: str, found: Versioned) -> bool:
    """Whether the blob's plan is later than ours; a plan from the future does not count."""
    return theirs > ours and can_follow(theirs, written=found.modified)


def _read(predictions: BlobContainer, blob: str) -> Versioned | None:
    try:
        return predictions.read_versioned(blob)
    except BlobMissing:
        return None
