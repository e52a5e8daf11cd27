"""The manifest, the order for one Batch task: the hour, its sensors, their models and their readings."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from scoring_contract import json_message
from scoring_contract.errors import LayoutError
from scoring_contract.hour import RunHour
from scoring_contract.layout import checked_model_blob, checked_pack, packed_prediction_blob, prediction_blob
from scoring_contract.messages.planned_file import PlannedFile
from scoring_contract.messages.trace_context import traceparent_at
from scoring_contract.predictions import PredictionFormat
from scoring_contract.sensor_names import checked_sensor_id

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from scoring_contract.json_message import Node


@dataclass(frozen=True, slots=True)
class PackSlice:
    """The position of a model file in a pack file."""

    blob: str
    """Name in the ``models`` container."""
    offset: int
    """First byte, from 0."""
    length: int
    """Number of bytes."""

    def to_json(self) -> dict[str, Any]:
        """Return the wire form."""
        return {"blob": self.blob, "offset": self.offset, "length": self.length}

    @classmethod
    def from_json(cls, node: Node) -> PackSlice:
        """Read the wire form."""
        return cls(model_blob_at(node["blob"]), node["offset"].count(), node["length"].count())


@dataclass(frozen=True, slots=True)
class ModelRef:
    """A model file, and the digest that it must have to be loaded."""

    version: str
    blob: str
    """Name in the ``models`` container."""
    sha256: str
    """Lower-case hex digest of the blob's bytes."""
    format: str
    """For example ``ocsvm-json/2``."""
    pack: PackSlice | None = None
    """The same bytes in a pack file, to score many sensors with one request."""

    def to_json(self) -> dict[str, Any]:
        """Return the wire form."""
        return {
            "version": self.version,
            "blob": self.blob,
            "sha256": self.sha256,
            "format": self.format,
            "pack": self.pack.to_json() if self.pack else None,
        }

    @classmethod
    def from_json(cls, node: Node) -> ModelRef:
        """Read the wire form."""
        return cls(
            version=node["version"].text(),
            blob=model_blob_at(node["blob"]),
            sha256=node["sha256"].text(),
            format=node["format"].text(),
            pack=None if node["pack"].is_absent else PackSlice.from_json(node["pack"]),
        )


@dataclass(frozen=True, slots=True)
class SensorOrder:
    """One sensor to score."""

    sensor: str
    device: str
    tag: str
    model: ModelRef
    readings: tuple[str, ...]
    """Blobs in ``data`` with the hour's readings when it was planned; other sensors may share them."""
    pack: str = ""
    """Pack whose prediction blob its predictions go to; empty if it has its own blob."""

    def prediction_blob(self, hour: RunHour, form: PredictionFormat = PredictionFormat.CSV) -> str:
        """Blob in ``predictions`` for its predictions."""
        if self.pack:
            return packed_prediction_blob(hour, self.pack, form)
        return prediction_blob(hour, self.sensor, form)

    def to_json(self) -> dict[str, Any]:
        """Return the wire form."""
        return {
            "sensor": self.sensor,
            "device": self.device,
            "tag": self.tag,
            "model": self.model.to_json(),
            "readings": list(self.readings),
            "pack": self.pack,
        }

    @classmethod
    def from_json(cls, node: Node) -> SensorOrder:
        """Read the wire form."""
        return cls(
            sensor=sensor_at(node["sensor"]),
            device=node["device"].text(),
            tag=node["tag"].text(),
            model=ModelRef.from_json(node["model"]),
            readings=tuple(blob.text() for blob in node["readings"].elements()),
            pack=pack_at(node["pack"]),
        )


@dataclass(frozen=True, slots=True)
class Manifest:
    """The order to score one group of sensors."""

    hour: RunHour
    run: str
    """Base of the run's Batch ids; names the run's folder in ``runs``."""
    group: str
    planned_at: str
    """Time of planning, ``2018-08-29T03:00:07.123456Z``, also in the metadata of predictions: those of an
    earlier plan are stale, those of a later plan for the same hour are as good as ours."""
    sensors: tuple[SensorOrder, ...]
    predictions_format: PredictionFormat = PredictionFormat.CSV
    traceparent: str = ""
    """Trace context of the work, which its report repeats; empty if it is not traced."""
    image: str = ""
    """Container image that the Batch task was given, with its digest if the setting has one; for people."""
    files: Mapping[str, PlannedFile] = field(default_factory=dict)
    """Blobs of readings as the plan found them, if they are read through a mount, which may lag behind."""

    def without(self, sensors: Collection[str]) -> Manifest:
        """Return the manifest without sensors that are already done."""
        return replace(self, sensors=tuple(order for order in self.sensors if order.sensor not in sensors))

    def to_json(self) -> str:
        """Render the manifest."""
        return json_message.render(
            {
                "hour": str(self.hour),
                "run": self.run,
                "group": self.group,
                "planned_at": self.planned_at,
                "predictions_format": self.predictions_format.value,
                "traceparent": self.traceparent,
                "image": self.image,
                "files": {blob: file.to_json() for blob, file in self.files.items()},
                "sensors": [sensor.to_json() for sensor in self.sensors],
            }
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> Manifest:
        """Parse a manifest.

        :raises MessageError: naming the invalid member
        """
        root = json_message.parse("manifest", text)
        sensors = tuple(SensorOrder.from_json(node) for node in root["sensors"].elements())
        if not sensors:
            raise root["sensors"].wrong("is empty")
        if len({sensor.sensor for sensor in sensors}) != len(sensors):
            raise root["sensors"].wrong("names a sensor twice")
        return cls(
            hour=hour_at(root["hour"]),
            run=root["run"].text(),
            group=root["group"].text(),
            planned_at=root["planned_at"].text(),
            sensors=sensors,
            predictions_format=predictions_format_at(root["predictions_format"]),
            traceparent=traceparent_at(root["traceparent"]),
            image="" if root["image"].value in {None, ""} else root["image"].text(),
            files=_files_at(root["files"]),
        )


def _files_at(node: Node) -> dict[str, PlannedFile]:
    return {} if node.is_absent else {blob: PlannedFile.from_json(file) for blob, file in node.items()}


def hour_at(node: Node) -> RunHour:
    """Parse an hour in any message."""
    try:
        return RunHour.parse(node.text())
    except LayoutError as error:
        raise node.wrong(str(error)) from error


def predictions_format_at(node: Node) -> PredictionFormat:
    """Parse the format of predictions in any message; CSV if an earlier version wrote none."""
    if node.is_absent:
        return PredictionFormat.CSV
    try:
        return PredictionFormat(node.text())
    except ValueError:
        raise node.wrong(f"is {node.value!r}, not one of {', '.join(PredictionFormat)}") from None


def model_blob_at(node: Node) -> str:
    """Parse the name of a blob in the ``models`` container."""
    try:
        return checked_model_blob(node.text())
    except LayoutError as error:
        raise node.wrong(str(error)) from error


def pack_at(node: Node) -> str:
    """Parse the name of a pack in any message; empty for none."""
    if node.is_absent or node.value == "":
        return ""
    try:
        return checked_pack(node.text())
    except LayoutError as error:
        raise node.wrong(str(error)) from error


def sensor_at(node: Node) -> str:
    """Parse a sensor id in any message."""
    try:
        return checked_sensor_id(node.text())
    except LayoutError as error:
        raise node.wrong(str(error)) from error
