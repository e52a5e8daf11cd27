"""What every route needs of the deployment: its settings, its storage account, its Batch account."""

from __future__ import annotations

import os
from functools import cached_property
from typing import Annotated

from fastapi import Depends

from sensor_scoring.azure_batch.hook import ScoringBatchHook
from sensor_scoring.settings import Settings
from sensor_scoring.storage import BlobStore


class Deployment:
    """Settings, and clients that are made when they are needed."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def store(self) -> BlobStore:
        """The storage account."""
        return BlobStore(self.settings.connections.wasb_conn_id)

    @cached_property
    def hook(self) -> ScoringBatchHook:
        """The Batch account."""
        return ScoringBatchHook(azure_batch_conn_id=self.settings.connections.batch_conn_id)


def deployment() -> Deployment:
    """Return the deployment for a request."""
    return Deployment(Settings.from_environ(os.environ))


Deployed = Annotated[Deployment, Depends(deployment)]
