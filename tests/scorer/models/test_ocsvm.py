"""Labels equal scikit-learn's: on ordinary values, and at the boundary, where the last digit decides."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.ensemble import IsolationForest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import OneClassSVM

from scorer.models import ocsvm
from scorer.models.kernels import Linear, Poly, Rbf, Sigmoid
from scorer.models.ocsvm import OneClassSvm, Predictions
from scorer.training.equivalence import boundary_points, flips
from scorer.training.fitting import exported

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from scorer.models.ocsvm import FloatArray


CASES = [
    pytest.param(nu, gamma, rows, id=f"nu {nu}, gamma {gamma}, {rows} rows")
    for nu in (0.0001, 0.01, 0.2)
    for gamma in ("scale", 0.01, 8.0)
    for rows in (40, 400)
]


def fitted(
    values: FloatArray, nu: float = 0.05, gamma: str | float = "scale"
) -> tuple[Pipeline, OneClassSvm]:
    """Fit with scikit-learn; return its pipeline and our model."""
    pipeline = make_pipeline(StandardScaler(), OneClassSVM(kernel="rbf", nu=nu, gamma=gamma))
    pipeline.fit(values)
    model = exported(pipeline)
    assert model is not None
    return pipeline, model


def readings(rows: int, seed: int = 1) -> FloatArray:
    """Draw readings with two decimals and some outliers."""
    random = np.random.default_rng(seed)
    values = random.normal(10, 3, rows) + random.choice([0.0, 40.0], rows, p=[0.97, 0.03])
    column: FloatArray = np.round(values, 2)[:, np.newaxis]
    return column


MOST = [pytest.param(2_000, id="thinned"), pytest.param(40_000, id="dense", marks=pytest.mark.nightly)]
"""How many points beside the boundary are looked at: each costs a loop over the support vectors."""


def thinned(points: FloatArray, most: int) -> FloatArray:
    """Return at most so many of the points, from all over."""
    return points[:: -(-len(points) // most) or 1]


def a_model(**changes: Any) -> OneClassSvm:
    """Build a model by hand."""
    numbers = {
        "mean": np.array([0.0]),
        "scale": np.array([1.0]),
        "kernel": Rbf(1.0),
        "support_vectors": np.array([[0.0]]),
        "coefficients": np.array([1.0]),
        "intercept": -0.5,
    }
    return OneClassSvm(**{**numbers, **changes})


@pytest.mark.parametrize(("nu", "gamma", "rows"), CASES)
def test_labels_equal_scikit_learn(nu: float, gamma: str | float, rows: int) -> None:
    """Training values, new values and far-off values get scikit-learn's labels."""
    values = readings(rows)
    pipeline, model = fitted(values, nu, gamma)
    far = np.array([*np.linspace(-1e3, 1e3, 501), 1e150, -1e300])[:, np.newaxis]
    assert flips(model, pipeline, np.concatenate([values, readings(2000, seed=2), far])) == 0


@pytest.mark.parametrize("most", MOST)
@pytest.mark.parametrize(("nu", "gamma", "rows"), CASES)
def test_labels_equal_scikit_learn_beside_the_boundary(
    nu: float, gamma: str | float, rows: int, most: int
) -> None:
    """Every float within 200 of a boundary is labelled alike, and more at growing distances."""
    values = readings(rows)
    pipeline, model = fitted(values, nu, gamma)
    beside = boundary_points(model, values)[:, 0]
    centres = np.unique(np.round(beside, 9))[:12]
    near = (centres[:, np.newaxis] + np.arange(-200, 201) * np.spacing(centres)[:, np.newaxis]).ravel()
    steps = np.concatenate([-np.logspace(0, 9, 60), np.logspace(0, 9, 60)])
    far = (beside[:, np.newaxis] + steps * np.spacing(beside)[:, np.newaxis]).ravel()
    for points in (beside, near, far):
        assert flips(model, pipeline, thinned(points[:, np.newaxis], most)) == 0


def test_numpy_alone_would_flip_labels_beside_the_boundary(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the tolerance, some points at the boundary would get another label."""
    values = readings(400)
    pipeline, model = fitted(values)
    beside = boundary_points(model, values)
    monkeypatch.setattr(ocsvm, "TOLERANCE", -1.0)
    assert flips(model, pipeline, beside) > 0


def test_a_stuck_sensor_is_labelled_like_scikit_learn() -> None:
    """With constant readings every score is zero up to rounding, so the order of additions decides."""
    values = np.full((500, 1), 21.7)
    pipeline, model = fitted(values)
    assert flips(model, pipeline, np.concatenate([values, [[21.7000000001], [21.6], [22.0]]])) == 0


def test_many_readings_are_decided_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The size of a block does not change any label."""
    values = readings(300)
    _, model = fitted(values)
    whole = model.predict(values).scores
    monkeypatch.setattr(ocsvm, "_BLOCK", 1)
    np.testing.assert_allclose(model.predict(values).scores, whole, rtol=1e-12, atol=1e-14)


def test_scores_are_scikit_learns_decision_values() -> None:
    """The score is scikit-learn's decision_function: below zero means anomaly, lower is more abnormal."""
    values = readings(300)
    pipeline, model = fitted(values)
    theirs = pipeline.decision_function(values)
    np.testing.assert_allclose(model.predict(values).scores, theirs, rtol=0, atol=1e-12)


def test_exactly_zero_is_an_anomaly() -> None:
    """Libsvm calls a reading normal only above zero."""
    assert Predictions(np.array([-1.0, -0.0, 0.0, 5e-324])).anomalies.tolist() == [True, True, True, False]


def test_values_beyond_all_measure_are_anomalies() -> None:
    """An overflow makes the kernel zero and leaves the intercept, without a warning or NaN."""
    model = a_model(scale=np.array([1e-300]))
    predictions = model.predict(np.array([1e300, -1e300, 0.0]))
    assert predictions.scores.tolist() == [-0.5, -0.5, 0.5]


def test_no_readings_give_no_predictions() -> None:
    """An empty hour is not a special case."""
    assert a_model().predict(np.array([])).scores.shape == (0,)


def test_the_plain_loop_adds_as_libsvm_does() -> None:
    """It adds support vectors in order, and the intercept last."""
    model = a_model(support_vectors=np.array([[0.0], [2.0]]), coefficients=np.array([0.1, 0.7]))
    expected = (0.1 * math.exp(-1.0) + 0.7 * math.exp(-1.0)) - 0.5
    assert model._exact_sum(np.array([1.0])) == expected


KERNELS = [
    pytest.param(kernel, width, scaled, id=f"{kernel}, {width} features{', scaled' if scaled else ''}")
    for kernel in ("rbf", "linear", "poly", "sigmoid")
    for width in (1, 2, 17)
    for scaled in (False, True)
]


@pytest.mark.parametrize("most", MOST)
@pytest.mark.parametrize(("kernel", "width", "scaled"), KERNELS)
def test_every_kernel_labels_like_scikit_learn(*, kernel: str, width: int, scaled: bool, most: int) -> None:
    """One feature or many, scaled or not; on readings, far from them and at the boundary."""
    random = np.random.default_rng(width)
    values = random.normal(3, 2, (45, width))
    svm = OneClassSVM(kernel=kernel, nu=0.2, coef0=0.5, degree=3, max_iter=20_000)
    estimator = make_pipeline(StandardScaler(), svm) if scaled else svm
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the solver was stopped, which makes no worse a test
        estimator.fit(values)
    model = exported(estimator, tuple(f"f{number}" for number in range(width)) if width > 1 else ("Value",))
    assert model is not None
    far = random.normal(0, 1, (300, width)) * 10.0 ** random.uniform(-3, 6, (300, 1))
    beside = thinned(boundary_points(model, values), most)
    assert [flips(model, estimator, points) for points in (values, far, beside)] == [0, 0, 0]
    assert not model.near(far).all()


@pytest.mark.parametrize(
    "kernel",
    [Linear(), Poly(0.5, 1.0, 5), Sigmoid(0.5, 1.0), Rbf(0.5)],
    ids=lambda kernel: kernel.name,
)
def test_overflow_on_the_way_is_decided_like_libsvm(kernel: Linear | Poly | Sigmoid | Rbf) -> None:
    """NaN is an anomaly, as in C, where comparisons with NaN are false."""
    model = a_model(
        kernel=kernel, support_vectors=np.array([[1e200], [-1e200]]), coefficients=np.array([1.0, 1.0])
    )
    values = np.array([1e200, -1e200, 0.0])
    with np.errstate(all="ignore"):
        expected = [
            not sum(kernel.exact(np.array([value]), vector) for vector in model.support_vectors) - 0.5 > 0
            for value in values.tolist()
        ]
    assert model.predict(values).anomalies.tolist() == expected


def test_estimators_that_are_no_such_pipeline_are_not_exported() -> None:
    """Two scalers, another scaler, kernel or estimator: nothing is guessed."""
    values = readings(60)
    others = [
        make_pipeline(StandardScaler(), StandardScaler(), OneClassSVM()),
        make_pipeline(MinMaxScaler(), OneClassSVM()),
        OneClassSVM(kernel=lambda left, right: left @ right.T),
        IsolationForest(n_estimators=2),
    ]
    assert [exported(other.fit(values)) for other in others] == [None] * 4
    plain = exported(
        make_pipeline(StandardScaler(with_mean=False, with_std=False), OneClassSVM()).fit(values)
    )
    assert plain is not None
    assert (plain.mean.tolist(), plain.scale.tolist()) == ([0.0], [1.0])
