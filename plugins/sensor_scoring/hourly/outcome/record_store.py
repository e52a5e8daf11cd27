"""Records of hours in Blob Storage: each write keeps what other runs of the hour have said."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from scoring_contract import layout
from scoring_contract.errors import MessageError
from sensor_scoring.hourly.outcome.hour_record import HourRecord

if TYPE_CHECKING:
    from sensor_scoring.blob_storage.store import BlobStore

log = logging.getLogger(__name__)


def keep_record(store: BlobStore, container: str, new: HourRecord) -> bool:
    """Write what a run says of its hour into the hour's record.

    :param container: of runs
    :return: whether that changed the record
    """
    blob = layout.hour_record_blob(new.hour)
    # Only another run's write makes it repeat, and an hour has few runs.
    while True:
        now = datetime.now(UTC)
        found = store.read_versioned(container, blob)
        stored = _read(found[0], f"{container}/{blob}") if found else None
        record = stored.merged_with(new, now=now) if stored else new
        if stored and record.body() == stored.body():
            return False
        written = record.to_bytes(written_at=now)
        if store.write_if_unchanged(container, blob, written, etag=found[1] if found else None):
            return True


def _read(stored: bytes, name: str) -> HourRecord | None:
    try:
        return HourRecord.from_bytes(stored)
    except MessageError as error:
        log.warning("%s is written anew, without what other runs said: %s", name, error)
        return None
