"""A storage account with predictions, for the tests of this folder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from sensor_scoring.blob_storage.store import BlobStore
from sensor_scoring.settings import Settings
from tests.sensor_scoring.conftest import WASB_CONN
from tests.sensor_scoring.sensors.predictions import Predictor

if TYPE_CHECKING:
    from local_stack.services.azurite import BlobStorage


@pytest.fixture
def store(storage: BlobStorage) -> BlobStore:  # noqa: ARG001  makes the connection
    """Open the storage account."""
    return BlobStore(WASB_CONN)


@pytest.fixture
def settings() -> Settings:
    """Return the deployment's settings."""
    return Settings.from_environ(os.environ)


@pytest.fixture
def predictor(storage: BlobStorage) -> Predictor:
    """Write predictions."""
    return Predictor(storage)
