"""scikit-learn as the oracle for an hour's predictions."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM

from ingest.files.readings_csv import read_readings
from tests.integration.world import HOUR, SCORED

if TYPE_CHECKING:
    from pathlib import Path

Labels = list[tuple[float, bool]]


def labels(predictions: str) -> Labels:
    """Return the values of a prediction CSV, each with whether it is an anomaly."""
    return [
        (float(row["Value"]), row["Prediction"] == "1") for row in csv.DictReader(io.StringIO(predictions))
    ]


def labels_by_scikit_learn(readings: Path) -> dict[str, Labels]:
    """Fit a Pipeline per sensor on the values before the hour; return its labels for the hour."""
    values: dict[str, tuple[list[float], list[float]]] = {}
    for reading in read_readings(readings):
        trained, scored = values.setdefault(f"{reading.device}_{reading.tag}", ([], []))
        (scored if HOUR.contains(reading.moment) else trained).append(float(reading.value))
    return {sensor: _labels(*values[sensor]) for sensor in SCORED}


def _labels(trained: list[float], scored: list[float]) -> Labels:
    model = make_pipeline(StandardScaler(), OneClassSVM(kernel="rbf", nu=0.01, gamma="scale", tol=1e-6))
    said = model.fit(np.array(trained)[:, None]).predict(np.array(scored)[:, None])
    return list(zip(scored, (said == -1).tolist(), strict=True))
