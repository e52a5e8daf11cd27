"""The ledger of a pool's cures in Blob Storage: of two looks at once, one alone cures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensor_scoring.pool_watch.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable

    from sensor_scoring.blob_storage.store import BlobStore


class LedgerStore:
    """The blob of one pool.

    :param container: of runs
    """

    def __init__(self, store: BlobStore, container: str, pool_id: str) -> None:
        self._store = store
        self._container = container
        self.blob = f"_pools/{pool_id}.json"
        """No run can have this folder: theirs begin with the job prefix."""

    def changed(self, change: Callable[[Ledger], Ledger]) -> Ledger:
        """Rewrite the blob, by as many conditional writes as it takes; return what it holds now.

        :raises MessageError: if it cannot be read. It is not begun anew: the bounds would be forgotten
        """
        while True:
            found = self._store.read_versioned(self._container, self.blob)
            ledger = Ledger.from_json(found[0]) if found else Ledger()
            wanted = change(ledger)
            etag = found[1] if found else None
            if wanted == ledger or self._store.write_if_unchanged(
                self._container, self.blob, wanted.to_json(), etag=etag
            ):
                return wanted
