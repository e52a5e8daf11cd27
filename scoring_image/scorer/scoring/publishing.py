"""Putting predictions in their place: over those of earlier plans, never over those of a later one.

Two runs can score the same hour at the same time (a schedule and a backfill, or a person). Their predictions
have one name on purpose. Whichever plan was made later knows more (late readings, a newer model), so its
predictions stay, whoever comes last.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scorer.errors import BlobConflict, BlobMissing
from scoring_contract.predictions import PackMark, PredictionFormat, PredictionMark, can_follow

if TYPE_CHECKING:
    from scorer.storage import BlobContainer, Versioned

_TRIES = 5
"""A conflict means that another run has just written; so many others at once are none of ours."""


def publish(
    predictions: BlobContainer,
    blob: str,
    data: bytes,
    mark: PredictionMark,
    form: PredictionFormat = PredictionFormat.CSV,
) -> bool:
    """Write the predictions of one sensor unless a later plan has written its own.

    The first try costs one request and succeeds if the hour was not scored before.

    :return: whether ours are there now
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
    raise BlobConflict(f"predictions/{blob}", f"others have written it {_TRIES} times in a row")


def publish_pack(
    predictions: BlobContainer,
    blob: str,
    data: bytes,
    mark: PackMark,
    form: PredictionFormat = PredictionFormat.CSV,
) -> bool:
    """Write the predictions of many sensors unless a later plan has written its own.

    A later try of the same plan scores only the sensors that are left: what the tries before it wrote for the
    others stays, in the same blob.

    :param data: of the sensors that the mark names
    :return: whether ours are there now
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
    raise BlobConflict(f"predictions/{blob}", f"others have written it {_TRIES} times in a row")


def _merged(
    before: bytes, there: PackMark, data: bytes, mark: PackMark, form: PredictionFormat
) -> tuple[bytes, PackMark]:
    """Put the rows of sensors that only the earlier writer has before ours."""
    mine = set(mark.sensors)
    merge = _merged_csv if form is PredictionFormat.CSV else _merged_parquet
    both = merge(before, data, mine)
    if both is None:  # rows of other columns cannot stay
        return data, mark
    whole, rows = both
    names = [sensor for sensor in there.sensors if sensor not in mine]
    return whole, replace(mark, sensors=(*names, *mark.sensors), rows=rows)


def _merged_parquet(before: bytes, data: bytes, mine: set[str]) -> tuple[bytes, int] | None:
    from scorer.scoring.prediction_parquet import merged  # noqa: PLC0415  # brings pyarrow

    return merged(before, data, mine=mine)


def _merged_csv(before: bytes, data: bytes, mine: set[str]) -> tuple[bytes, int] | None:
    """Return both and how many rows are in it; None if the rows are of other columns."""
    header, _, ours = data.partition(b"\n")
    first, *rows = before.splitlines(keepends=True)
    if first.rstrip() != header.rstrip():
        return None
    columns = header.decode().split(",")
    device, tag = columns.index("Device"), columns.index("Tag")
    kept = [row for row in rows if _sensor_of(row, device, tag) not in mine]
    return b"".join([first, *kept, ours]), len(kept) + ours.count(b"\n")


def _sensor_of(row: bytes, device: int, tag: int) -> str:
    """Name the sensor of a row; what names a sensor holds neither comma nor quote."""
    fields = row.decode().rstrip("\n").split(",")
    return f"{fields[device]}_{fields[tag]}"


def _is_later(theirs: str, ours: str, found: Versioned) -> bool:
    """Whether what is there follows a later plan than ours; a plan of the future is none."""
    return theirs > ours and can_follow(theirs, written=found.modified)


def _read(predictions: BlobContainer, blob: str) -> Versioned | None:
    try:
        return predictions.read_versioned(blob)
    except BlobMissing:
        return None
