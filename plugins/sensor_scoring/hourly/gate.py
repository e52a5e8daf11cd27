"""The gate on an hour's predictions: the expected set against what lies in Blob Storage. Pure.

Answered from one listing with metadata; no prediction is opened.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

from scoring_contract import layout
from scoring_contract.hour import RunHour
from scoring_contract.predictions import PackMark, PredictionFormat, PredictionMark, can_follow, has_rows
from sensor_scoring.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sensor_scoring.blob_storage.listing import FoundBlob

_NAMED = 10


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """Findings of the gate; each field holds sensor ids in order."""

    fresh: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    """There is a blob, and no row in it."""
    stale: tuple[str, ...] = ()
    """Made by an earlier plan for the hour than ours, by one of the future, or by an unknown writer."""
    doubled: tuple[str, ...] = ()
    """In two blobs, of either format, alone or in a pack: a reader could not tell which count."""
    stray: tuple[str, ...] = ()
    """There are predictions that our plan does not expect; named, and no reason to fail."""

    @property
    def is_complete(self) -> bool:
        """Whether every expected prediction is there, with rows, from this plan or a later one."""
        return not (self.missing or self.empty or self.stale or self.doubled)

    def describe(self) -> str:
        """Name what is wrong, in one sentence."""
        parts = [
            f"{len(sensors)} {word} ({listed(sensors, most=_NAMED)})"
            for word, sensors in (
                ("missing", self.missing),
                ("empty", self.empty),
                ("stale", self.stale),
                ("in two blobs", self.doubled),
                ("not expected", self.stray),
            )
            if sensors
        ]
        return "; ".join(parts) or "all there"


@dataclass(frozen=True, slots=True)
class Expectation:
    """The predictions that a plan owes."""

    hour: RunHour
    planned_at: str
    sensors: tuple[str, ...]
    pack_of: Mapping[str, str] = field(default_factory=dict)
    """Sensor to the pack whose prediction blob it shares, for those that have none of their own."""
    form: PredictionFormat = PredictionFormat.CSV

    @property
    def folder(self) -> str:
        """Where they must lie."""
        return layout.predictions_folder(self.hour)

    def without(self, sensors: Iterable[str]) -> Expectation:
        """Leave out sensors whose predictions will not come."""
        left_out = frozenset(sensors)
        return replace(self, sensors=tuple(sensor for sensor in self.sensors if sensor not in left_out))

    def blob_of(self, sensor: str) -> str:
        """Where a sensor's predictions must lie."""
        if pack := self.pack_of.get(sensor):
            return layout.packed_prediction_blob(self.hour, pack, self.form)
        return layout.prediction_blob(self.hour, sensor, self.form)

    def judge(self, found: Iterable[FoundBlob]) -> GateVerdict:
        """Compare with a listing of :attr:`folder`."""
        blobs = {blob.name: blob for blob in found}
        marks = {name: mark_of(blob) for name, blob in blobs.items()}
        kinds: dict[str, list[str]] = {"fresh": [], "missing": [], "empty": [], "stale": [], "doubled": []}
        expected = {sensor: self.blob_of(sensor) for sensor in self.sensors}
        strays = blobs.keys() - expected.values()
        claims = self._claims(marks)
        for sensor, name in expected.items():
            kind = self._kind(sensor, blobs.get(name), marks.get(name))
            kinds["doubled" if kind == "fresh" and claims[sensor] > 1 else kind].append(sensor)
        stray = sorted(name_of(name.removeprefix(self.folder)) for name in strays)
        return GateVerdict(
            **{kind: tuple(sorted(names)) for kind, names in kinds.items()}, stray=tuple(stray)
        )

    def _kind(self, sensor: str, blob: FoundBlob | None, mark: Mark | None) -> str:
        if blob is None:
            return "missing"
        if mark is None or mark.hour != self.hour or not self._is_fresh(mark.planned_at, blob):
            return "stale"
        if sensor not in mark.sensors:
            return "missing" if sensor in self.pack_of else "stale"
        return "fresh" if mark.has_rows else "empty"

    def _claims(self, marks: Mapping[str, Mark | None]) -> Counter[str]:
        """Count, for each sensor, the blobs that predict it and this hour, under its name or a pack's."""
        return Counter(
            sensor
            for name, mark in marks.items()
            if mark is not None and mark.hour == self.hour
            for sensor in mark.sensors
            if is_packed(name) or name_of(name) == f"{self.folder}{sensor}"
        )

    def _is_fresh(self, planned_at: str, blob: FoundBlob) -> bool:
        """Whether a blob follows our plan, or a later one; a plan of the future is none."""
        is_later = planned_at > self.planned_at and can_follow(planned_at, written=blob.modified)
        return planned_at == self.planned_at or is_later

    def to_json(self) -> str:
        """Return a form that a trigger can carry."""
        pack_of = {sensor: self.pack_of[sensor] for sensor in self.sensors if sensor in self.pack_of}
        body = {
            "hour": str(self.hour),
            "planned_at": self.planned_at,
            "sensors": self.sensors,
            "pack_of": pack_of,
            "form": self.form.value,
        }
        return json.dumps(body)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what :meth:`to_json` wrote."""
        body = json.loads(text)
        return cls(
            RunHour.parse(body["hour"]),
            body["planned_at"],
            tuple(body["sensors"]),
            body["pack_of"],
            # A trigger that waits since before an upgrade has none.
            PredictionFormat(body.get("form", PredictionFormat.CSV)),
        )


@dataclass(frozen=True, slots=True)
class Mark:
    """Metadata that the writer of a prediction blob gave it."""

    hour: RunHour
    planned_at: str
    sensors: frozenset[str]
    has_rows: bool


def is_packed(blob: str) -> bool:
    """Whether a prediction blob is that of a pack."""
    return blob.rpartition("/")[0].endswith(layout.PACKS_FOLDER)


def name_of(blob: str) -> str:
    """Return a prediction blob's name without the end that tells its format."""
    form = PredictionFormat.of(blob)
    return blob.removesuffix(f".{form}") if form else blob


def mark_of(blob: FoundBlob) -> Mark | None:
    """Read the metadata of a sensor's blob, or of a pack's; None if its writer is unknown."""
    if alone := PredictionMark.from_metadata(blob.metadata):
        rows = has_rows(alone, size=blob.size)
        return Mark(alone.hour, alone.planned_at, frozenset({alone.sensor}), rows)
    if pack := PackMark.from_metadata(blob.metadata):
        return Mark(pack.hour, pack.planned_at, frozenset(pack.sensors), has_rows(pack, size=blob.size))
    return None
