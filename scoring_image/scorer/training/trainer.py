"""Training one sensor: from its readings to a model file in storage. Nothing here touches the registry."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scorer.errors import DataFault
from scorer.models.format import CONTENT_TYPES
from scorer.training.fitting import fit, libraries
from scoring_contract.layout import model_blob
from scoring_contract.manifest import ModelRef
from scoring_contract.registry import TrainedModel, TrainedSensor

if TYPE_CHECKING:
    from scorer.storage import BlobContainer
    from scorer.training.options import TrainOrder
    from scorer.training.series import Series

THREADS = 8
"""Sensors in work at once: enough to keep the fits fed while others wait for storage."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A new model and its file's bytes, which are in storage."""

    trained: TrainedSensor
    data: bytes


@dataclass(frozen=True, slots=True)
class Trainer:
    """How to fit, and where model files go."""

    order: TrainOrder
    models: BlobContainer

    def train(self, sensor: str, series: Series, *, known: tuple[str, str] | None) -> Fitted:
        """Fit a sensor's model and write its file.

        :param known: device and tag that the registry knows the sensor by; None if it does not
        :raises DataFault: if a file cannot be read, there are too few readings, or the sensor's id means
            another device and tag
        :raises ModelFault: if no model comes out of them that decides as scikit-learn does
        :raises StorageFault: if storage refuses or does not answer
        """
        series.refuse_faulty()
        self._check_count(series)
        device, tag = _checked_pair(series, known)
        fitted = fit(series.values, self.order)
        origin = {"sensor": sensor, "device": device, "tag": tag, **self._range()}
        data = fitted.render(origin)
        model = TrainedModel(
            ref=self._upload(sensor, data, fitted.format),
            trained_from=self.order.trained_from,
            trained_until=self.order.trained_until,
            rows=len(series),
            libraries=libraries(),
        )
        return Fitted(TrainedSensor(sensor, device, tag, model), data)

    def _check_count(self, series: Series) -> None:
        if len(series) < self.order.min_rows:
            rejected = f" ({series.why_rejected()})" if series.rejected.total() else ""
            raise DataFault(f"{len(series)} readings, {self.order.min_rows} are needed{rejected}")

    def _range(self) -> dict[str, str]:
        return {"trained_from": str(self.order.trained_from), "trained_until": str(self.order.trained_until)}

    def _upload(self, sensor: str, data: bytes, model_format: str) -> ModelRef:
        """Write a model file under a name made from its content; the same model gives the same name."""
        digest = hashlib.sha256(data).hexdigest()
        version = f"{self.order.trained_until.compact}-{digest[:10]}"
        blob = model_blob(sensor, version)
        self.models.write(blob, data, content_type=CONTENT_TYPES[model_format])
        return ModelRef(version=version, blob=blob, sha256=digest, format=model_format)


def _checked_pair(series: Series, known: tuple[str, str] | None) -> tuple[str, str]:
    """Return the one device and tag behind a sensor's id.

    :raises DataFault: if two pairs share the id, here or with the registry
    """
    pairs = sorted(series.pairs)
    if len(pairs) > 1:
        names = " and ".join(f"device {device!r} tag {tag!r}" for device, tag in pairs)
        raise DataFault(f"its id names {names}: rename one of them")
    if known not in {None, pairs[0]}:
        (device, tag), (other_device, other_tag) = known or ("", ""), pairs[0]
        raise DataFault(
            f"its id belongs to device {device!r} tag {tag!r} and cannot also name "
            f"device {other_device!r} tag {other_tag!r}"
        )
    return pairs[0]
