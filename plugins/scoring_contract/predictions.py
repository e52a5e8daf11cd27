"""What a prediction blob carries: columns of its rows and metadata of the blob."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from scoring_contract.errors import LayoutError
from scoring_contract.hour import RunHour

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COLUMNS = ("TS", "Device", "Tag", "Value", "Prediction", "Score")
"""Header of a prediction CSV. ``Prediction`` is 1 for an anomaly, else 0; ``Score`` is the model's decision
value: the lower, the more abnormal; 0 or below is an anomaly."""

CLOCK_SKEW = timedelta(minutes=15)
"""How far the clock of whoever plans may be ahead of Blob Storage's."""

MOST_PACK_CHARS = 6_000
"""Characters that the ids of a pack's sensors may take, commas included: Blob metadata holds 8 KiB in all."""


def can_follow(planned_at: str, *, written: datetime) -> bool:
    """Whether predictions that were written then can follow a plan that says it was made at ``planned_at``.

    No plan is made after its predictions were written. One that says so had a clock that was far ahead, and
    would outdo every plan until that moment comes.

    :param written: timezone-aware, by the clock of Blob Storage
    """
    try:
        return datetime.fromisoformat(planned_at) <= written + CLOCK_SKEW
    except (ValueError, TypeError):  # no moment, or one without a timezone
        return False


@dataclass(frozen=True, slots=True)
class PredictionMark:
    """Metadata of a prediction blob: enough to say from a listing whether it is the one we expect."""

    hour: RunHour
    sensor: str
    model_sha256: str
    manifest: str
    planned_at: str

    def to_metadata(self) -> dict[str, str]:
        """Return Blob metadata; names are C identifiers in lower case, as the service wants them."""
        return {
            "hour": str(self.hour),
            "sensor": self.sensor,
            "model_sha256": self.model_sha256,
            "manifest": self.manifest,
            "planned_at": self.planned_at,
        }

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> PredictionMark | None:
        """Read Blob metadata; None if the blob was not written by a scorer of this contract."""
        found = {name.lower(): value for name, value in metadata.items()}
        try:
            return cls(
                hour=RunHour.parse(found["hour"]),
                sensor=found["sensor"],
                model_sha256=found["model_sha256"],
                manifest=found["manifest"],
                planned_at=found["planned_at"],
            )
        except (KeyError, LayoutError):
            return None


@dataclass(frozen=True, slots=True)
class PackMark:
    """Metadata of a prediction blob of many sensors: it names them, so that a listing is enough here too."""

    hour: RunHour
    pack: str
    sensors: Sequence[str]
    """Sensors with rows in the blob, in order."""
    manifest: str
    planned_at: str

    def to_metadata(self) -> dict[str, str]:
        """Return Blob metadata."""
        return {
            "hour": str(self.hour),
            "pack": self.pack,
            "sensors": ",".join(self.sensors),
            "manifest": self.manifest,
            "planned_at": self.planned_at,
        }

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> PackMark | None:
        """Read Blob metadata; None likewise."""
        found = {name.lower(): value for name, value in metadata.items()}
        try:
            return cls(
                hour=RunHour.parse(found["hour"]),
                pack=found["pack"],
                sensors=tuple(found["sensors"].split(",")) if found["sensors"] else (),
                manifest=found["manifest"],
                planned_at=found["planned_at"],
            )
        except (KeyError, LayoutError):
            return None
