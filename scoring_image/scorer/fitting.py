"""Fitting one sensor's model with scikit-learn and taking its numbers out. The only file that imports it.

The import takes a second: scoring never comes here, and a wrong command line is refused before it.
"""

from __future__ import annotations

import hashlib
import platform
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM

from scorer.errors import ModelFault
from scorer.fidelity import boundary_points, flips
from scorer.ocsvm import OneClassSvm

if TYPE_CHECKING:
    from scorer.ocsvm import FloatArray
    from scorer.train_order import TrainOrder


@cache
def libraries() -> dict[str, str]:
    """Versions of what fits the models."""
    return {
        "numpy": version("numpy"),
        "python": platform.python_version(),
        "scikit-learn": version("scikit-learn"),
    }


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted model that decides as scikit-learn does."""

    model: OneClassSvm
    provenance: dict[str, Any]
    """How it was fitted and on what; the same for the same readings and libraries."""


def fit(values: FloatArray, order: TrainOrder) -> Fit:
    """Fit StandardScaler and one-class SVM and export them.

    :param values: training readings, shape (n_readings,), float64, finite
    :raises ModelFault: if scikit-learn cannot fit them, or the export labels any value differently
    """
    pipeline = make_pipeline(StandardScaler(), OneClassSVM(kernel="rbf", nu=order.nu, gamma=order.gamma))
    try:
        pipeline.fit(values.reshape(-1, 1))
    except ValueError as error:
        raise ModelFault(f"scikit-learn cannot fit it: {' '.join(str(error).split())}") from error
    model = exported(pipeline[0], pipeline[1])
    _refuse_unfaithful(model, pipeline, values)
    return Fit(model, _provenance(values, order))


def exported(scaler: Any, svm: Any) -> OneClassSvm:
    """Take the numbers out of a fitted StandardScaler and OneClassSVM of one feature."""
    return OneClassSvm(
        mean=float(scaler.mean_[0]),
        scale=float(scaler.scale_[0]),
        gamma=float(svm._gamma),  # noqa: SLF001  # the number behind "scale"; scikit-learn has no public name for it
        support_vectors=np.array(svm.support_vectors_[:, 0], dtype=np.float64),
        coefficients=np.array(svm.dual_coef_[0], dtype=np.float64),
        intercept=float(svm.intercept_[0]),
    )


def _refuse_unfaithful(model: OneClassSvm, pipeline: Any, values: FloatArray) -> None:
    for what, points in (("training readings", values), ("boundary values", boundary_points(model, values))):
        if count := flips(model, pipeline, points):
            raise ModelFault(
                f"not exported: {count} of {len(points)} {what} are labelled unlike scikit-learn"
            )


def _provenance(values: FloatArray, order: TrainOrder) -> dict[str, Any]:
    return {
        "estimator": "StandardScaler, OneClassSVM",
        "nu": order.nu,
        "gamma": order.gamma,
        "rows": len(values),
        "values_sha256": hashlib.sha256(values.astype("<f8").tobytes()).hexdigest(),
        "libraries": libraries(),
    }
