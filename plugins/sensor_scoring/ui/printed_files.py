"""What Batch tasks printed: from the log container, else from their node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scoring_contract import layout
from sensor_scoring.azure_batch import ids

if TYPE_CHECKING:
    from sensor_scoring.azure_batch.hook import ScoringBatchHook
    from sensor_scoring.blob_storage.store import BlobStore


@dataclass(frozen=True, slots=True)
class PrintedEnd:
    """The end of a file that a Batch task printed."""

    text: str
    blob: str = ""
    """Container and name of the whole; empty if it is on the node."""


@dataclass(frozen=True, slots=True)
class PrintedFiles:
    """Where the files of Batch tasks are."""

    store: BlobStore
    hook: ScoringBatchHook
    container: str
    """Of logs."""

    def end_of(self, job: str, batch_task_id: str, file: str, *, size: int) -> PrintedEnd | None:
        """Return the end of a file.

        :param size: bytes at most
        :return: None if there is no such file, or if it is still on the node and empty
        """
        blob = f"{layout.log_folder(ids.base_of(job), job, batch_task_id)}/{file}"
        text = self.store.tail(self.container, blob, size=size)
        if text or self.store.exists(self.container, blob):
            return PrintedEnd(text, f"{self.container}/{blob}")
        text = self.hook.file_tail(job, batch_task_id, file, size=size)
        return PrintedEnd(text) if text else None
