"""Putting predictions in their place: over those of earlier plans, never over those of a later one.

Two runs can score the same hour at the same time (a schedule and a backfill, or a person). Their predictions
have one name on purpose. Whichever plan was made later knows more (late readings, a newer model), so its
predictions stay, whoever comes last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scorer.errors import BlobConflict, BlobMissing
from scorer.predictions import CONTENT_TYPE
from scoring_contract.predictions import PredictionMark

if TYPE_CHECKING:
    from scorer.storage import BlobContainer

_TRIES = 5
"""A conflict means that another run has just written; so many others at once are none of ours."""


def publish(predictions: BlobContainer, blob: str, data: bytes, mark: PredictionMark) -> bool:
    """Write the predictions of one sensor unless a later plan has written its own.

    The first try costs one request and succeeds if the hour was not scored before.

    :return: whether ours are there now
    :raises StorageFault: if storage refuses or does not answer
    """
    etag = None
    for _ in range(_TRIES):
        try:
            predictions.write_if_unchanged(
                blob, data, content_type=CONTENT_TYPE, etag=etag, metadata=mark.to_metadata()
            )
        except BlobConflict:
            etag, planned_at = _present(predictions, blob)
            if planned_at > mark.planned_at:
                return False
        else:
            return True
    raise BlobConflict(f"predictions/{blob}", f"others have written it {_TRIES} times in a row")


def _present(predictions: BlobContainer, blob: str) -> tuple[str | None, str]:
    """Return the tag of what is there, and when its plan was made; empty if nobody we know wrote it."""
    try:
        found = predictions.read_versioned(blob)
    except BlobMissing:
        return None, ""
    mark = PredictionMark.from_metadata(found.metadata)
    return found.etag, mark.planned_at if mark else ""
