"""Fitting one sensor's model with scikit-learn and turning it into a file. Training alone imports this.

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
from sklearn.ensemble import IsolationForest
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM

from scorer.errors import ModelFault
from scorer.models.format import FORMAT, SKOPS_FORMAT, render_model
from scorer.models.kernels import Linear, Poly, Rbf, Sigmoid
from scorer.models.ocsvm import OneClassSvm
from scorer.readings.table import ONE_FEATURE
from scorer.training.boundary import refuse_blind
from scorer.training.equivalence import boundary_points, flips

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scorer.models.kernels import Kernel
    from scorer.models.ocsvm import FloatArray
    from scorer.training.options import TrainOrder


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
    """A fitted estimator, and the numbers that decide as it does, if we can take them out."""

    estimator: Any
    model: OneClassSvm | None
    provenance: dict[str, Any]
    """How it was fitted and on what; the same for the same readings and libraries."""

    @property
    def format(self) -> str:
        """Format of its file."""
        return FORMAT if self.model else SKOPS_FORMAT

    def render(self, origin: Mapping[str, Any]) -> bytes:
        """Write its file.

        :param origin: whose model it is; an estimator's file says it nowhere, the registry does
        """
        if self.model:
            return render_model(self.model, {**origin, **self.provenance})
        from scorer.models.skops import dump_skops  # noqa: PLC0415  # only what is no model of ours needs it

        return dump_skops(self.estimator)


def fit(values: FloatArray, order: TrainOrder) -> Fit:
    """Fit the estimator of an order, and export it.

    :param values: training readings, shape (n_readings, n_features), float64, finite
    :raises ModelFault: if scikit-learn cannot fit them, or the export labels any reading differently
    :raises DataFault: if nothing would ever be an anomaly
    """
    estimator = _estimator(order)
    try:
        estimator.fit(_named(values, order.features))
    except ValueError as error:
        raise ModelFault(f"scikit-learn cannot fit it: {' '.join(str(error).split())}") from error
    model = exported(estimator, order.features)
    if model is None:
        refuse_blind(lambda rows: _Unnamed(estimator).predict(rows) == -1, values)
        return Fit(estimator, None, _provenance(values, order))
    refuse_unfaithful(model, estimator, values)
    refuse_blind(lambda rows: model.predict(rows).anomalies, values)
    return Fit(estimator, model, _provenance(values, order))


def exported(estimator: Any, features: tuple[str, ...] = ONE_FEATURE) -> OneClassSvm | None:
    """Take the numbers out of a fitted estimator.

    :param estimator: a Pipeline of an optional StandardScaler and a OneClassSVM, or a OneClassSVM
    :return: None if it is anything else
    """
    steps = [step for _, step in estimator.steps] if isinstance(estimator, Pipeline) else [estimator]
    *scalers, svm = steps
    if type(svm) is not OneClassSVM or [type(scaler) for scaler in scalers] not in ([], [StandardScaler]):
        return None
    kernel = _kernel(svm)
    if kernel is None:
        return None
    width = svm.support_vectors_.shape[1]
    mean, scale = _scaling(scalers[0] if scalers else None, width)
    return OneClassSvm(
        mean=mean,
        scale=scale,
        kernel=kernel,
        support_vectors=np.ascontiguousarray(svm.support_vectors_, dtype=np.float64),
        coefficients=np.array(svm.dual_coef_[0], dtype=np.float64),
        intercept=float(svm.intercept_[0]),
        features=features,
    )


def refuse_unfaithful(model: OneClassSvm, estimator: Any, values: FloatArray) -> None:
    """Compare an export with its original.

    :param values: the training readings, shape (n_readings, n_features)
    :raises ModelFault: if they label a reading, or a point beside the boundary, differently
    """
    for what, points in (("training readings", values), ("boundary values", boundary_points(model, values))):
        if count := flips(model, _Unnamed(estimator), points):
            raise ModelFault(
                f"not exported: {count} of {len(points)} {what} are labelled unlike scikit-learn"
            )


class _Unnamed:
    """An estimator that was fitted with names for its columns, and is asked without."""

    def __init__(self, estimator: Any) -> None:
        self._estimator = estimator

    def predict(self, features: FloatArray) -> Any:
        names = getattr(self._estimator, "feature_names_in_", None)
        return self._estimator.predict(features if names is None else _named(features, tuple(names)))


def _estimator(order: TrainOrder) -> Any:
    if order.estimator == "isolation-forest":
        # Left to itself it draws other trees each time, and the same readings would give another model.
        return IsolationForest(contamination=min(order.nu, 0.5), random_state=0)
    svm = OneClassSVM(
        kernel=order.kernel,
        nu=order.nu,
        gamma=order.gamma,
        degree=order.degree,
        coef0=order.coef0,
        tol=order.tol,
    )
    return make_pipeline(StandardScaler(), svm) if order.scaler else svm


def _named(values: FloatArray, features: tuple[str, ...]) -> Any:
    """Give the columns of several features their names; one feature is Value by itself."""
    if features == ONE_FEATURE:
        return values
    import pandas as pd  # noqa: PLC0415  # scikit-learn takes names from a frame only

    return pd.DataFrame(values, columns=list(features))


def _kernel(svm: Any) -> Kernel | None:
    gamma = float(svm._gamma)  # noqa: SLF001  # the number behind "scale"; there is no public name for it
    match svm.kernel:
        case "rbf":
            return Rbf(gamma)
        case "linear":
            return Linear()
        case "poly":
            return Poly(gamma, float(svm.coef0), int(svm.degree))
        case "sigmoid":
            return Sigmoid(gamma, float(svm.coef0))
        case _:
            return None


def _scaling(scaler: Any, width: int) -> tuple[FloatArray, FloatArray]:
    mean = scaler.mean_ if scaler is not None and scaler.with_mean else np.zeros(width)
    scale = scaler.scale_ if scaler is not None and scaler.with_std else np.ones(width)
    return np.array(mean, dtype=np.float64), np.array(scale, dtype=np.float64)


def _provenance(values: FloatArray, order: TrainOrder) -> dict[str, Any]:
    return {
        "estimator": order.estimator,
        "nu": order.nu,
        "gamma": order.gamma,
        "tol": order.tol,
        "rows": len(values),
        "values_sha256": hashlib.sha256(np.ascontiguousarray(values, "<f8").tobytes()).hexdigest(),
        "libraries": libraries(),
    }
