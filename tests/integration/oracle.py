"""What scikit-learn says of an hour, as an oracle for its predictions."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM

from ingest.readings_csv import read_readings
from tests.integration.world import HOUR, SCORED

if TYPE_CHECKING:
    from pathlib import Path

Labels = list[tuple[float, bool]]


def labels(predictions: str) -> Labels:
    """Return the values of a CSV of predictions, each with whether it is an anomaly."""
    return [
        (float(row["Value"]), row["Prediction"] == "1") for row in csv.DictReader(io.StringIO(predictions))
    ]


def labels_by_scikit_learn(readings: Path) -> dict[str, Labels]:
    """Fit a Pipeline on each sensor's values before the hour; return what it says of those of the hour."""
    values: dict[str, tuple[list[float], list[float]]] = {}
    for reading in read_readings(readings):
        trained, scored = values.setdefault(f"{reading.device}_{reading.tag}", ([], []))
        (scored if HOUR.contains(reading.moment) else trained).append(float(reading.value))
    return {sensor: _labels(*values[sensor]) for sensor in SCORED}


def _labels(trained: list[float], scored: list[float]) -> Labels:
    model = make_pipeline(StandardScaler(), OneClassSVM(kernel="rbf", nu=0.01, gamma="scale", tol=1e-6))
    said = model.fit(np.array(trained)[:, None]).predict(np.array(scored)[:, None])
    return list(zip(scored, (said == -1).tolist(), strict=True))
