"""The incomplete hours that have been reported, kept in Blob Storage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensor_scoring.missing_hours.digest import hours_from_json, hours_to_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scoring_contract.hour import RunHour
    from sensor_scoring.blob_storage.store import BlobStore

REPORTED_BLOB = "_missing/reported.json"
"""In the ``runs`` container; no run can have this folder: theirs begin with the job prefix."""
FORMER_BLOB = "_missing/told.json"
"""Where version 0.1.0 kept them, in the same form."""


class ReportedHours:
    """The blob with the hours.

    :param container: of runs
    """

    def __init__(self, store: BlobStore, container: str) -> None:
        self._store = store
        self._container = container

    def read(self) -> frozenset[RunHour]:
        """Return the hours; none if there is no blob, or if it cannot be read."""
        text = self._store.read(self._container, REPORTED_BLOB)
        if text is None:
            text = self._store.read(self._container, FORMER_BLOB)
        return hours_from_json(text)

    def write(self, hours: Iterable[RunHour]) -> None:
        """Replace the hours."""
        self._store.write(self._container, REPORTED_BLOB, hours_to_json(hours))
        # Else it would be read again once a person deletes the present one to have everything reported.
        self._store.discard(self._container, FORMER_BLOB)
