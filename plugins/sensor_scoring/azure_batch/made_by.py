"""The mark of what we have made in a Batch account, which others use too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

MADE_BY = {"name": "made-by", "value": "sensor-scoring"}
"""Metadata of every Batch job and pool that we make: an id alone can be anybody's."""


def is_made_by_us(resource: Mapping[str, Any]) -> bool:
    """Tell whether a job or a pool, as the service describes it, has the mark."""
    return any(dict(entry) == MADE_BY for entry in resource.get("metadata") or ())
