"""The predictions that an hour already has, as a listing shows them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from scoring_contract.predictions import PredictionFormat
from sensor_scoring.hourly.gate import is_packed, mark_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scoring_contract.hour import RunHour
    from sensor_scoring.blob_storage.listing import FoundBlob


@dataclass(frozen=True, slots=True)
class PredictionsThere:
    """Format and places of an hour's predictions.

    Whatever the settings are by now, predictions keep their format and their place, so that there are never
    two of a sensor and hour, of which one is left behind.
    """

    form: PredictionFormat | None = None
    """None if there are no predictions."""
    alone: frozenset[str] = frozenset()
    """Sensors with a blob of their own."""
    packed: frozenset[str] = frozenset()
    """Sensors in the blob of a pack."""

    @classmethod
    def of(cls, found: Iterable[FoundBlob], hour: RunHour) -> Self:
        """Read a listing of the hour's folder; blobs of another hour or of an unknown writer do not count."""
        form, alone, packed = None, set[str](), set[str]()
        for blob in found:
            mark = mark_of(blob)
            if mark is None or mark.hour != hour:
                continue
            form = form or PredictionFormat.of(blob.name)
            (packed if is_packed(blob.name) else alone).update(mark.sensors)
        return cls(form, frozenset(alone), frozenset(packed))

    def are_packed(self, sensors: Iterable[str], *, wanted: bool) -> bool:
        """Whether the predictions of a pack's sensors go into the pack's blob.

        The settings decide if there are none, or some alone and some in the pack's blob.

        All sensors of a pack go the same way: the scorer reads their shared files for all of them at once.

        :param wanted: what the settings say
        """
        members = frozenset(sensors)
        is_alone, is_shared = bool(members & self.alone), bool(members & self.packed)
        return wanted if is_alone == is_shared else is_shared


NO_PREDICTIONS = PredictionsThere()
"""Of an hour that was never scored."""
