"""Ids of resources in Azure Resource Manager. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from sensor_scoring.errors import SettingsError

_NAME = r"[^/\s]+"
_GROUP = rf"/subscriptions/({_NAME})/resourceGroups/({_NAME})"
BATCH_ACCOUNT = rf"(?i:{_GROUP}/providers/Microsoft\.Batch/batchAccounts/({_NAME}))"
"""Form of the id of a Batch account; the service does not tell upper from lower case."""
STREAM_JOB = rf"(?i:{_GROUP}/providers/Microsoft\.StreamAnalytics/streamingjobs/({_NAME}))"
"""Form of the id of a Stream Analytics job."""


@dataclass(frozen=True, slots=True)
class BatchAccountId:
    """Where a Batch account stands."""

    subscription: str
    resource_group: str
    account: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Take an id apart.

        :raises SettingsError: if it is none of a Batch account
        """
        found = re.fullmatch(BATCH_ACCOUNT, text, re.ASCII)
        if found is None:
            raise SettingsError(f"{text!r} is no resource id of a Batch account")
        return cls(*found.groups())


@dataclass(frozen=True, slots=True)
class StreamJobId:
    """Where a Stream Analytics job stands."""

    subscription: str
    resource_group: str
    job: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Take an id apart.

        :raises SettingsError: if it is none of a Stream Analytics job
        """
        found = re.fullmatch(STREAM_JOB, text, re.ASCII)
        if found is None:
            raise SettingsError(f"{text!r} is no resource id of a Stream Analytics job")
        return cls(*found.groups())


def is_same(one: str, other: str) -> bool:
    """Whether two ids are of the same resource."""
    return one.strip("/").lower() == other.strip("/").lower()
