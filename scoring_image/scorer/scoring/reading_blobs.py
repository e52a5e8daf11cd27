"""The reading blobs of a manifest: over HTTP as they are now, below a mount as the plan found them.

Blob Storage answers with the blob of this moment. A mount may answer with an earlier one from a cache, with a
copy that is not finished, or, if nothing is mounted, with an empty folder. All of these would look like fewer
readings, so a file counts only if it is as long as the blob that the plan found, and no older.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scorer.errors import BlobMissing, StorageFault
from scorer.readings.files import MOST_BYTES
from scoring_contract.messages.planned_file import described

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scorer.storage import BlobContainer
    from scoring_contract.messages.planned_file import PlannedFile

_AGAIN = "if another try does not help, clear 'plan' with Downstream to plan the hour again"


@dataclass(frozen=True, slots=True)
class ReadingBlobs:
    """Reading blobs by name.

    :param container: the ``data`` container
    :param files: what the plan found, if the container is a mount
    """

    container: BlobContainer
    files: Mapping[str, PlannedFile] = field(default_factory=dict)

    def read(self, blob: str) -> bytes:
        """Return a blob's bytes.

        :raises BlobMissing: if Blob Storage has no such blob
        :raises StorageFault: if storage refuses or does not answer, or the mount does not have the blob that
            the plan found
        :raises DataFault: if the blob is too large
        """
        if not self.container.is_folder:
            return self.container.read(blob, most_bytes=MOST_BYTES)
        try:
            found = self.container.read_versioned(blob, most_bytes=MOST_BYTES)
        except BlobMissing as missing:
            problem = f"the plan found it in Blob Storage, and the mount does not have it; {_AGAIN}"
            raise StorageFault(missing.blob, problem) from None
        planned = self.files.get(blob)
        if planned is not None and not planned.is_met_by(len(found.data), found.modified):
            mounted = described(len(found.data), found.modified)
            problem = f"the mount has {mounted}, the plan found {planned} in Blob Storage; {_AGAIN}"
            raise StorageFault(f"{self.container.role}/{blob}", problem)
        return found.data
