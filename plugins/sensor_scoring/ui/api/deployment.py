"""What every route needs of the deployment: its settings, its storage account, its Batch account."""

from __future__ import annotations

import os
from functools import cached_property
from typing import Annotated

from airflow.sdk import BaseHook
from fastapi import Depends

from sensor_scoring.azure_batch.hook import ScoringBatchHook
from sensor_scoring.blob_storage.store import BlobStore
from sensor_scoring.settings import Settings
from sensor_scoring.ui.api.latest import Latest

_store = Latest[BlobStore]()


class Deployment:
    """Settings, and clients that are made when they are needed."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def store(self) -> BlobStore:
        """The storage account; one client for all requests until its connection is changed.

        A page asks fifty times when it is opened, and a client of Azure's signs in and shakes hands first.
        """
        conn_id = self.settings.connections.wasb_conn_id
        state = f"{conn_id} {BaseHook.get_connection(conn_id).get_uri()}"
        return _store.of(state, lambda: BlobStore(conn_id))

    @cached_property
    def hook(self) -> ScoringBatchHook:
        """The Batch account."""
        return ScoringBatchHook(azure_batch_conn_id=self.settings.connections.batch_conn_id)


def deployment() -> Deployment:
    """Return the deployment for a request."""
    return Deployment(Settings.from_environ(os.environ))


Deployed = Annotated[Deployment, Depends(deployment)]
