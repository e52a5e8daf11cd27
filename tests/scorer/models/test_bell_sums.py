"""Interpolated sums of RBF kernels: within the error bounds, and refused where these do not hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM

from scorer.models import bell_sums as module
from scorer.models.bell_sums import ERROR, bell_sums
from scorer.models.ocsvm import BELL_TOLERANCE
from scorer.training.equivalence import boundary_points, flips
from scorer.training.fitting import exported

if TYPE_CHECKING:
    from scorer.models.ocsvm import FloatArray

ONE = np.array([1.0])


def exact(places: FloatArray, centres: FloatArray, weights: FloatArray, gamma: float) -> FloatArray:
    """Sum kernel by kernel, with more digits than float64 has."""
    gaps = places.astype(np.longdouble)[:, np.newaxis] - centres.astype(np.longdouble)
    sums: FloatArray = (np.exp(-np.longdouble(gamma) * gaps * gaps) * weights).sum(axis=1)
    return sums


def quick(places: FloatArray, centres: FloatArray, weights: FloatArray, gamma: float) -> FloatArray:
    """Sum with polynomials, which must be possible."""
    sums = bell_sums(places, centres, weights, gamma)
    assert sums is not None
    return sums


@pytest.mark.parametrize("gamma", [1e-200, 0.01, 1.0, 37.5])
@pytest.mark.parametrize("shift", [0.0, 100.0, -240.0])
def test_sums_are_within_the_bound(gamma: float, shift: float) -> None:
    """Near zero and as far out as allowed, with any kernel width."""
    random = np.random.default_rng(1)
    width = gamma**-0.5
    centres = (random.normal(0, 1.5, 40) + shift) * width
    places = (random.normal(0, 2, 20_000) + shift) * width
    weights = random.uniform(-1, 1, 40)
    off = np.abs(quick(places, centres, weights, gamma) - exact(places, centres, weights, gamma))
    assert off.max() < ERROR * np.abs(weights).sum()


def test_one_bell_is_within_the_bound_wherever_it_stands() -> None:
    """With a single kernel, errors cannot average out: it is tried all over a piece."""
    places = np.linspace(-4, 4, 40_000)
    for centre in np.linspace(-0.5, 0.5, 21):
        bell = np.array([centre])
        assert np.abs(quick(places, bell, ONE, 1.0) - exact(places, bell, ONE, 1.0)).max() < ERROR


def test_places_far_off_have_no_sum() -> None:
    """Far-off values, such as a spike or infinity, need no pieces in between."""
    places = np.array([*np.zeros(1_000), 7.0, -1e9, 1e300, np.inf, -np.inf])
    sums = quick(places, np.array([0.0]), ONE, 1.0)
    assert np.abs(sums[1_000:]).max() < ERROR
    assert np.abs(sums[:1_000] - 1).max() < ERROR


@pytest.mark.parametrize(
    ("places", "centres", "gamma"),
    [
        pytest.param(np.linspace(0, 1, 31), [0.0], 1.0, id="few places"),
        pytest.param(np.linspace(-1e3, 1e3, 5_000), np.linspace(-1e3, 1e3, 50), 1.0, id="many pieces"),
        pytest.param(np.linspace(999, 1001, 5_000), [1e3], 1.0, id="far from zero"),
        pytest.param(np.linspace(-1, 1, 5_000), [0.5], 1e308, id="no width"),
        pytest.param(np.linspace(-1, 1, 5_000), [1e300], 1e308, id="overflow"),
    ],
)
def test_what_gains_nothing_or_is_not_exact_is_refused(
    places: FloatArray, centres: list[float], gamma: float
) -> None:
    """Refused if kernel by kernel is cheaper, or if a piece's points would be rounded too coarsely."""
    centres_given = np.array(centres)
    with np.errstate(over="ignore"):
        assert bell_sums(places, centres_given, np.ones(len(centres_given)), gamma) is None


def test_a_sum_does_not_depend_on_the_other_places() -> None:
    """The model determines the pieces, not the other readings of the hour."""
    random = np.random.default_rng(2)
    centres, weights = random.normal(size=30), random.uniform(size=30)
    places = random.normal(0, 2, 4_000)
    alone = quick(places[:2_000], centres, weights, 1.0)
    assert np.abs(quick(places, centres, weights, 1.0)[:2_000] - alone).max() < 1e-15 * weights.sum()


@pytest.mark.parametrize("nu", [0.05, 0.3])
@pytest.mark.parametrize("gamma", ["scale", 0.05, 20.0])
def test_labels_beside_the_boundary_are_scikit_learns(
    nu: float, gamma: str | float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Near the boundary, where rounding could flip a label, scores are computed as libsvm does."""
    values = np.random.default_rng(3).normal(10, 3, (400, 1)).round(2)
    pipeline = make_pipeline(StandardScaler(), OneClassSVM(nu=nu, gamma=gamma)).fit(values)
    model = exported(pipeline)
    assert model is not None
    done: list[FloatArray | None] = []

    def watched(*given: Any) -> FloatArray | None:
        done.append(bell_sums(*given))
        return done[-1]

    monkeypatch.setattr(module, "bell_sums", watched)
    beside = boundary_points(model, values)
    usual = np.random.default_rng(4).normal(10, 5, (max(4_000, 8 * len(beside)), 1)).round(2)
    assert flips(model, pipeline, np.concatenate([usual, beside])) == 0
    assert done
    assert done[-1] is not None


def test_the_band_is_wider_than_the_error() -> None:
    """The tolerance for interpolated sums is several times their error."""
    assert 5 * ERROR < BELL_TOLERANCE
