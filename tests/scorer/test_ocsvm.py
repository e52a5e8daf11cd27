"""Labels equal scikit-learn's: on ordinary values, and on the boundary where the last digit decides."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM

from scorer import ocsvm
from scorer.fidelity import boundary_points, flips
from scorer.fitting import exported
from scorer.ocsvm import OneClassSvm, Verdicts

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from scorer.ocsvm import FloatArray

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
    pipeline.fit(values.reshape(-1, 1))
    return pipeline, exported(pipeline[0], pipeline[1])


def readings(rows: int, seed: int = 1) -> FloatArray:
    """Make readings with two decimals and some outliers."""
    random = np.random.default_rng(seed)
    return np.round(random.normal(10, 3, rows) + random.choice([0.0, 40.0], rows, p=[0.97, 0.03]), 2)


def a_model(**changes: Any) -> OneClassSvm:
    """Build a model by hand."""
    numbers = {
        "mean": 0.0,
        "scale": 1.0,
        "gamma": 1.0,
        "support_vectors": np.array([0.0]),
        "coefficients": np.array([1.0]),
        "intercept": -0.5,
    }
    return OneClassSvm(**{**numbers, **changes})


@pytest.mark.parametrize(("nu", "gamma", "rows"), CASES)
def test_labels_equal_scikit_learn(nu: float, gamma: str | float, rows: int) -> None:
    """Training values, new values and far-off values get the labels that scikit-learn gives them."""
    values = readings(rows)
    pipeline, model = fitted(values, nu, gamma)
    new = np.concatenate([values, readings(2000, seed=2), np.linspace(-1e3, 1e3, 501), [1e150, -1e300]])
    assert flips(model, pipeline, new) == 0


@pytest.mark.parametrize(("nu", "gamma", "rows"), CASES)
def test_labels_equal_scikit_learn_beside_the_boundary(nu: float, gamma: str | float, rows: int) -> None:
    """Every float within 200 of a boundary, and further ones in growing steps, are labelled alike."""
    values = readings(rows)
    pipeline, model = fitted(values, nu, gamma)
    beside = boundary_points(model, values)
    centres = np.unique(np.round(beside, 9))[:12]
    near = (centres[:, np.newaxis] + np.arange(-200, 201) * np.spacing(centres)[:, np.newaxis]).ravel()
    steps = np.concatenate([-np.logspace(0, 9, 60), np.logspace(0, 9, 60)])
    far = (beside[:, np.newaxis] + steps * np.spacing(beside)[:, np.newaxis]).ravel()[:40_000]
    for points in (beside, near, far):
        assert flips(model, pipeline, points) == 0


def test_numpy_alone_would_flip_labels_beside_the_boundary(monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard band earns its place: without it some of the boundary points change their label."""
    values = readings(400)
    pipeline, model = fitted(values)
    beside = boundary_points(model, values)
    monkeypatch.setattr(ocsvm, "GUARD", -1.0)
    assert flips(model, pipeline, beside) > 0


def test_a_stuck_sensor_is_labelled_like_scikit_learn() -> None:
    """With constant readings every decision is zero up to rounding: the order of additions decides."""
    values = np.full(500, 21.7)
    pipeline, model = fitted(values)
    assert flips(model, pipeline, np.concatenate([values, [21.7000000001, 21.6, 22.0]])) == 0


def test_many_readings_are_decided_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """How many readings are held at once changes nothing about them."""
    values = readings(300)
    _, model = fitted(values)
    whole = model.judge(values).scores
    monkeypatch.setattr(ocsvm, "_BLOCK", 1)
    np.testing.assert_allclose(model.judge(values).scores, whole, rtol=1e-12, atol=1e-14)


def test_scores_are_scikit_learns_decision_values() -> None:
    """A score is the decision value: below zero an anomaly, the lower the more abnormal."""
    values = readings(300)
    pipeline, model = fitted(values)
    theirs = pipeline.decision_function(values.reshape(-1, 1))
    np.testing.assert_allclose(model.judge(values).scores, theirs, rtol=0, atol=1e-12)


def test_exactly_zero_is_an_anomaly() -> None:
    """Libsvm calls a reading normal only above zero."""
    assert Verdicts(np.array([-1.0, -0.0, 0.0, 5e-324])).anomalies.tolist() == [True, True, True, False]


def test_values_beyond_all_measure_are_anomalies() -> None:
    """An overflow on the way ends at the intercept, without a warning and without a NaN."""
    model = a_model(scale=1e-300)
    verdicts = model.judge(np.array([1e300, -1e300, 0.0]))
    assert verdicts.scores.tolist() == [-0.5, -0.5, 0.5]


def test_no_readings_give_no_verdicts() -> None:
    """An empty hour is not a special case."""
    assert a_model().judge(np.array([])).scores.shape == (0,)


def test_the_plain_loop_adds_as_libsvm_does() -> None:
    """The sum runs over the support vectors in order and the intercept comes last."""
    model = a_model(support_vectors=np.array([0.0, 2.0]), coefficients=np.array([0.1, 0.7]))
    expected = (0.1 * math.exp(-1.0) + 0.7 * math.exp(-1.0)) - 0.5
    assert model._sum_like_libsvm(1.0) == expected
