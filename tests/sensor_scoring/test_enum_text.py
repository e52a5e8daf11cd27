"""Texts of enumerations that are Airflow's and the Azure SDK's."""

from __future__ import annotations

from enum import Enum

import pytest
from airflow.utils.state import DagRunState
from azure.storage.blob import StorageErrorCode

from sensor_scoring.enum_text import enum_text


class Mixed(str, Enum):  # noqa: UP042  # as in generated SDKs: its own text is not its value
    """An enumeration of texts as generated clients have them."""

    RUNNING = "running"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (DagRunState.RUNNING, "running"),
        (StorageErrorCode.BLOB_NOT_FOUND, "BlobNotFound"),
        (Mixed.RUNNING, "running"),
        ("running", "running"),
        ("AStateOfTomorrow", "AStateOfTomorrow"),
        (None, ""),
    ],
)
def test_a_member_gives_its_value_and_anything_else_its_text(value: object, text: str) -> None:
    """Whatever enumeration it is of; what the vendor does not know yet stays as it is."""
    assert enum_text(value) == text
