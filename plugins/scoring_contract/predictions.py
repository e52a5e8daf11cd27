"""Prediction blobs: their format, the columns of their rows, and their metadata."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from scoring_contract.errors import LayoutError
from scoring_contract.hour import RunHour
from scoring_contract.planned_at import read_planned_at

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

COLUMNS = ("TS", "Device", "Tag", "Value", "Prediction", "Score")
"""Columns of predictions. ``Prediction`` is 1 for an anomaly, else 0; ``Score`` is the model's decision
value: the lower, the more abnormal; 0 or below is an anomaly."""

CLOCK_SKEW = timedelta(minutes=15)
"""How far the clock of the planning machine may be ahead of Blob Storage's."""

MOST_PACK_CHARS = 6_000
"""Limit of the ids of a pack's sensors in characters, commas included: blob metadata is limited to 8 KiB
(https://learn.microsoft.com/rest/api/storageservices/set-blob-metadata)."""


HEADER_BYTES = len(",".join(COLUMNS)) + len("\r\n")
"""Bytes of a prediction CSV without a row."""


class PredictionFormat(StrEnum):
    """Format of predictions; the value is the suffix of the blob's name."""

    CSV = "csv"
    PARQUET = "parquet"

    @property
    def content_type(self) -> str:
        """Content type of a blob."""
        return _CONTENT_TYPES[self]

    @property
    def other(self) -> PredictionFormat:
        """The other format."""
        return PredictionFormat.PARQUET if self is PredictionFormat.CSV else PredictionFormat.CSV

    @classmethod
    def of(cls, blob: str) -> PredictionFormat | None:
        """Return a blob's format by its name; None if the suffix is unknown."""
        return next((each for each in cls if blob.endswith(f".{each}")), None)


_CONTENT_TYPES = {
    PredictionFormat.CSV: "text/csv; charset=utf-8",
    PredictionFormat.PARQUET: "application/vnd.apache.parquet",
}


def can_follow(planned_at: str, *, written: datetime) -> bool:
    """Whether predictions written at this time can belong to a plan made at ``planned_at``.

    A plan is older than its predictions. One that claims to be younger came from a clock far ahead, and would
    win against every plan until that time comes.

    :param written: timezone-aware, by the clock of Blob Storage
    """
    planned = read_planned_at(planned_at)
    return planned is not None and planned <= written + CLOCK_SKEW


@dataclass(frozen=True, slots=True)
class PredictionMark:
    """Metadata of a sensor's prediction blob, with which a listing shows whether it is the expected one."""

    hour: RunHour
    sensor: str
    model_sha256: str
    manifest: str
    planned_at: str
    rows: int | None = None
    """Rows of the blob; None if it was written by an earlier version."""

    def to_metadata(self) -> dict[str, str]:
        """Return blob metadata; the service requires names that are C# identifiers.

        https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata
        """
        return {
            "hour": str(self.hour),
            "sensor": self.sensor,
            "model_sha256": self.model_sha256,
            "manifest": self.manifest,
            "planned_at": self.planned_at,
            **_rows_said(self.rows),
        }

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> PredictionMark | None:
        """Parse blob metadata; None if no scorer of this contract wrote it."""
        found = {name.lower(): value for name, value in metadata.items()}
        try:
            return cls(
                hour=RunHour.parse(found["hour"]),
                sensor=found["sensor"],
                model_sha256=found["model_sha256"],
                manifest=found["manifest"],
                planned_at=found["planned_at"],
                rows=_rows_of(found),
            )
        except (KeyError, LayoutError):
            return None


@dataclass(frozen=True, slots=True)
class PackMark:
    """Metadata of a pack's prediction blob; it names the sensors, so that a listing is enough here, too."""

    hour: RunHour
    pack: str
    sensors: Sequence[str]
    """Sensors with rows in the blob, in order."""
    manifest: str
    planned_at: str
    rows: int | None = None
    """Rows of the blob; None if it was written by an earlier version."""

    def to_metadata(self) -> dict[str, str]:
        """Return blob metadata."""
        return {
            "hour": str(self.hour),
            "pack": self.pack,
            "sensors": ",".join(self.sensors),
            "manifest": self.manifest,
            "planned_at": self.planned_at,
            **_rows_said(self.rows),
        }

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> PackMark | None:
        """Parse blob metadata; None if no scorer of this contract wrote it."""
        found = {name.lower(): value for name, value in metadata.items()}
        try:
            return cls(
                hour=RunHour.parse(found["hour"]),
                pack=found["pack"],
                sensors=tuple(found["sensors"].split(",")) if found["sensors"] else (),
                manifest=found["manifest"],
                planned_at=found["planned_at"],
                rows=_rows_of(found),
            )
        except (KeyError, LayoutError):
            return None


def has_rows(mark: PredictionMark | PackMark, *, size: int) -> bool:
    """Whether a prediction blob has any row, by its size and, where its metadata counts them, by that.

    Whoever overwrites a blob may keep its metadata. Parquet without rows is larger than the header of CSV.

    :param size: bytes of the blob
    """
    return size > HEADER_BYTES and mark.rows != 0


def _rows_said(rows: int | None) -> dict[str, str]:
    return {} if rows is None else {"rows": str(rows)}


def _rows_of(found: Mapping[str, str]) -> int | None:
    text = found.get("rows", "")
    return int(text) if text.isascii() and text.isdecimal() else None
