"""The operator that submits a run's Batch tasks, each with access to the blobs of its manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensor_scoring.azure_batch.operators import AzureBatchSubmitOperator
from sensor_scoring.hourly.blob_needs import blobs_needed, call_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensor_scoring.azure_batch.grants import Blobs
    from sensor_scoring.azure_batch.task import Names


class SensorSubmitOperator(AzureBatchSubmitOperator):
    """Adds the first Batch task of every group, 100 in a call.

    The other arguments are those of :class:`AzureBatchSubmitOperator`.

    :param runs_container: container with the manifests
    """

    def __init__(self, *, runs_container: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.runs_container = runs_container

    def blobs_for_all(self, names: Sequence[Names]) -> list[Blobs]:
        """Read the manifests, many at a time."""
        calls = [call_of(name, self.words) for name in names]
        texts = self.store.read_all(self.runs_container, [call.manifest for call in calls])
        return [blobs_needed(call, text) for call, text in zip(calls, texts, strict=True)]
