"""Fits one sensor's model with scikit-learn, and exports it as a file.

The import takes a second, so scoring never imports this, and an invalid command line is refused before it.
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
    from scoring_contract.fit_options import FitOptions


@cache
def libraries() -> dict[str, str]:
    """Return the versions of the libraries that fit models."""
    return {
        "numpy": version("numpy"),
        "python": platform.python_version(),
        "scikit-learn": version("scikit-learn"),
    }


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted estimator, and its export."""

    estimator: Any
    model: OneClassSvm | None
    """The exported one-class SVM; None if the estimator is of another kind."""
    provenance: dict[str, Any]
    """Options, readings and libraries of the fit; equal for equal ones."""

    @property
    def format(self) -> str:
        """Format of its file."""
        return FORMAT if self.model else SKOPS_FORMAT

    def render(self, origin: Mapping[str, Any]) -> bytes:
        """Render its file.

        :param origin: sensor and training hours, for the provenance; a file of ``skops/1`` does not hold them
        """
        if self.model:
            return render_model(self.model, {**origin, **self.provenance})
        from scorer.models.skops import dump_skops  # noqa: PLC0415  # a one-class SVM does not need it

        return dump_skops(self.estimator)


def fit(values: FloatArray, options: FitOptions) -> Fit:
    """Fit an estimator, and export it.

    :param values: training readings, shape (n_readings, n_features), float64, finite
    :param options: which estimator, and its hyperparameters
    :raises ModelFault: if scikit-learn cannot fit the readings, or the export labels a reading differently
    :raises DataFault: if the model would never find an anomaly
    """
    estimator = _estimator(options)
    try:
        estimator.fit(_named(values, options.features))
    except ValueError as error:
        raise ModelFault(f"scikit-learn cannot fit it: {' '.join(str(error).split())}") from error
    model = exported(estimator, options.features)
    if model is None:
        refuse_blind(lambda rows: _Unnamed(estimator).predict(rows) == -1, values)
        return Fit(estimator, None, _provenance(values, options))
    refuse_unfaithful(model, estimator, values)
    refuse_blind(lambda rows: model.predict(rows).anomalies, values)
    return Fit(estimator, model, _provenance(values, options))


def exported(estimator: Any, features: tuple[str, ...] = ONE_FEATURE) -> OneClassSvm | None:
    """Export the numbers of a fitted estimator.

    :param estimator: a Pipeline of an optional StandardScaler and a OneClassSVM, or a OneClassSVM
    :param features: names of its columns
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
    """Refuse an export that labels any value unlike its original.

    :param values: the training readings, shape (n_readings, n_features)
    :raises ModelFault: if they label a reading, or a point close to the boundary, differently
    """
    for what, points in (("training readings", values), ("boundary values", boundary_points(model, values))):
        if count := flips(model, _Unnamed(estimator), points):
            raise ModelFault(
                f"not exported: {count} of {len(points)} {what} get other labels than from scikit-learn"
            )


class _Unnamed:
    """Adapter that predicts plain arrays with an estimator that was fitted with feature names."""

    def __init__(self, estimator: Any) -> None:
        self._estimator = estimator

    def predict(self, features: FloatArray) -> Any:
        names = getattr(self._estimator, "feature_names_in_", None)
        return self._estimator.predict(features if names is None else _named(features, tuple(names)))


def _estimator(options: FitOptions) -> Any:
    if options.estimator == "isolation-forest":
        # Without a fixed random state, the same readings would give another model each time.
        return IsolationForest(contamination=min(options.nu, 0.5), random_state=0)
    svm = OneClassSVM(
        kernel=options.kernel,
        nu=options.nu,
        gamma=options.gamma,
        degree=options.degree,
        coef0=options.coef0,
        tol=options.tol,
    )
    return make_pipeline(StandardScaler(), svm) if options.scaler else svm


def _named(values: FloatArray, features: tuple[str, ...]) -> Any:
    """Return a DataFrame with feature names; plain values if the only feature is Value."""
    if features == ONE_FEATURE:
        return values
    import pandas as pd  # noqa: PLC0415  # scikit-learn takes feature names from DataFrames only

    return pd.DataFrame(values, columns=list(features))


def _kernel(svm: Any) -> Kernel | None:
    gamma = float(svm._gamma)  # noqa: SLF001  # the value of gamma="scale", which has no public name
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


def _provenance(values: FloatArray, options: FitOptions) -> dict[str, Any]:
    return {
        "estimator": options.estimator,
        "nu": options.nu,
        "gamma": options.gamma,
        "tol": options.tol,
        "rows": len(values),
        "values_sha256": hashlib.sha256(np.ascontiguousarray(values, "<f8").tobytes()).hexdigest(),
        "libraries": libraries(),
    }
