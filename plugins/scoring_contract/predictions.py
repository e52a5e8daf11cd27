"""What a prediction blob carries: its format, columns of its rows and metadata of the blob."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from scoring_contract.errors import LayoutError
from scoring_contract.hour import RunHour

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COLUMNS = ("TS", "Device", "Tag", "Value", "Prediction", "Score")
"""Columns of predictions. ``Prediction`` is 1 for an anomaly, else 0; ``Score`` is the model's decision
value: the lower, the more abnormal; 0 or below is an anomaly."""

CLOCK_SKEW = timedelta(minutes=15)
"""How far the clock of whoever plans may be ahead of Blob Storage's."""

MOST_PACK_CHARS = 6_000
"""Characters that the ids of a pack's sensors may take, commas included: Blob metadata holds 8 KiB in all."""


HEADER_BYTES = len(",".join(COLUMNS)) + len("\r\n")
"""Bytes of a prediction CSV without a row."""


class PredictionFormat(StrEnum):
    """What predictions are written as; the value is the end of a blob's name."""

    CSV = "csv"
    PARQUET = "parquet"

    @property
    def content_type(self) -> str:
        """Media type of a blob."""
        return _CONTENT_TYPES[self]

    @property
    def other(self) -> PredictionFormat:
        """The one that it is not."""
        return PredictionFormat.PARQUET if self is PredictionFormat.CSV else PredictionFormat.CSV

    @classmethod
    def of(cls, blob: str) -> PredictionFormat | None:
        """Tell a blob's format by its name; None if it is none of ours."""
        return next((each for each in cls if blob.endswith(f".{each}")), None)


_CONTENT_TYPES = {
    PredictionFormat.CSV: "text/csv; charset=utf-8",
    PredictionFormat.PARQUET: "application/vnd.apache.parquet",
}


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
    rows: int | None = None
    """Rows of the blob; None if its writer, an earlier version, did not say."""

    def to_metadata(self) -> dict[str, str]:
        """Return Blob metadata; names are C identifiers in lower case, as the service wants them."""
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
        """Read Blob metadata; None if the blob was not written by a scorer of this contract."""
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
    """Metadata of a prediction blob of many sensors: it names them, so that a listing is enough here too."""

    hour: RunHour
    pack: str
    sensors: Sequence[str]
    """Sensors with rows in the blob, in order."""
    manifest: str
    planned_at: str
    rows: int | None = None
    """Rows of all of them; None likewise."""

    def to_metadata(self) -> dict[str, str]:
        """Return Blob metadata."""
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
        """Read Blob metadata; None likewise."""
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
    """Whether a prediction blob has any row, by what its writer says, else by its bytes.

    :param size: bytes of the blob
    """
    return size > HEADER_BYTES if mark.rows is None else mark.rows > 0


def _rows_said(rows: int | None) -> dict[str, str]:
    return {} if rows is None else {"rows": str(rows)}


def _rows_of(found: Mapping[str, str]) -> int | None:
    text = found.get("rows", "")
    return int(text) if text.isascii() and text.isdecimal() else None
