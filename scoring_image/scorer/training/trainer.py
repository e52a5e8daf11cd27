"""Trains one sensor: fits its readings and writes the model file. Does not touch the registry."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scorer.errors import DataFault
from scorer.models.format import CONTENT_TYPES
from scorer.training.fitting import fit, libraries
from scoring_contract.layout import model_blob
from scoring_contract.messages.manifest import ModelRef
from scoring_contract.messages.registry import TrainedModel, TrainedSensor

if TYPE_CHECKING:
    from scorer.storage import BlobContainer
    from scorer.training.series import Series
    from scoring_contract.fit_options import FitOptions
    from scoring_contract.hour import RunHour

THREADS = 8
"""Units in progress at once: enough to keep fitting while others wait for storage."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A new model, and the bytes of its file in storage."""

    trained: TrainedSensor
    data: bytes


@dataclass(frozen=True, slots=True)
class Trainer:
    """Fits models of some training hours, and writes their files."""

    options: FitOptions
    trained_from: RunHour
    trained_until: RunHour
    """First hour that is not trained on."""
    models: BlobContainer

    def train(self, sensor: str, series: Series, *, known: tuple[str, str] | None) -> Fitted:
        """Fit a sensor's model and write its file.

        :param known: the sensor's device and tag in the registry; None if it is not there
        :raises DataFault: if a file cannot be read, there are too few readings, or the sensor's id belongs to
            another device and tag
        :raises ModelFault: if scikit-learn cannot fit the readings, or the export labels a value differently
        :raises StorageFault: if storage refuses or does not answer
        """
        series.refuse_faulty()
        self._check_count(series)
        device, tag = _checked_pair(series, known)
        fitted = fit(series.values, self.options)
        origin = {"sensor": sensor, "device": device, "tag": tag, **self._range()}
        data = fitted.render(origin)
        model = TrainedModel(
            ref=self._upload(sensor, data, fitted.format),
            trained_from=self.trained_from,
            trained_until=self.trained_until,
            rows=len(series),
            libraries=libraries(),
        )
        return Fitted(TrainedSensor(sensor, device, tag, model), data)

    def _check_count(self, series: Series) -> None:
        if len(series) < self.options.min_rows:
            rejected = f" ({series.why_rejected()})" if series.rejected.total() else ""
            raise DataFault(f"only {len(series)} readings; {self.options.min_rows} required{rejected}")

    def _range(self) -> dict[str, str]:
        return {"trained_from": str(self.trained_from), "trained_until": str(self.trained_until)}

    def _upload(self, sensor: str, data: bytes, model_format: str) -> ModelRef:
        """Write a model file; its version contains the digest, so the same model has the same name."""
        digest = hashlib.sha256(data).hexdigest()
        version = f"{self.trained_until.compact}-{digest[:10]}"
        blob = model_blob(sensor, version)
        self.models.write(blob, data, content_type=CONTENT_TYPES[model_format])
        return ModelRef(version=version, blob=blob, sha256=digest, format=model_format)


def _checked_pair(series: Series, known: tuple[str, str] | None) -> tuple[str, str]:
    """Return the one device and tag of a sensor's id.

    :raises DataFault: if the registry has the id for another pair
    """
    (pair,) = series.pairs
    if known not in {None, pair}:
        (device, tag), (other_device, other_tag) = known or ("", ""), pair
        raise DataFault(
            f"its id belongs to device {device!r} tag {tag!r} and cannot also name "
            f"device {other_device!r} tag {other_tag!r}"
        )
    return pair
