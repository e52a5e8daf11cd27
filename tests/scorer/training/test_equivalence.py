"""The comparison of an exported model with scikit-learn, before it is published."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from scorer.errors import ModelFault
from scorer.models.kernels import Rbf
from scorer.training.equivalence import boundary_points
from scorer.training.fitting import fit, refuse_unfaithful
from scoring_contract.fit_options import FitOptions

if TYPE_CHECKING:
    from scorer.models.ocsvm import OneClassSvm

OPTIONS = FitOptions(nu=0.05)
VALUES = np.random.default_rng(3).normal(10, 3, (300, 1))


class Itself:
    """Predicts as our model does, with scikit-learn's interface."""

    def __init__(self, model: OneClassSvm) -> None:
        self.model = model

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Label rows: 1 is normal, -1 an anomaly."""
        return np.where(self.model.predict(features).anomalies, -1, 1)


def fitted() -> OneClassSvm:
    """Fit a model that can be exported."""
    model = fit(VALUES, OPTIONS).model
    assert model is not None
    return model


def test_points_lie_on_both_sides_of_every_boundary() -> None:
    """Each boundary has a normal and an abnormal neighbour, one float apart."""
    model = fitted()
    points = boundary_points(model, VALUES)[:, 0]
    labels = model.predict(points).anomalies
    changes = np.flatnonzero(labels[1:] != labels[:-1])
    assert len(changes) >= 2
    assert any(points[change + 1] == np.nextafter(points[change], np.inf) for change in changes)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"intercept": 0.99}, id="intercept"),
        pytest.param({"gamma": 1.01}, id="gamma"),
        pytest.param({"scale": 1 + 1e-15}, id="scale by the last digits"),
    ],
)
def test_a_model_that_differs_is_not_exported(change: dict[str, float]) -> None:
    """Even a difference that only boundary values show is found."""
    model = fitted()
    assert isinstance(model.kernel, Rbf)
    gamma = Rbf(model.kernel.gamma * change.pop("gamma", 1.0))
    changes = {name: getattr(model, name) * factor for name, factor in change.items()}
    changed = replace(model, kernel=gamma, **changes)
    with pytest.raises(ModelFault, match="get other labels than from scikit-learn"):
        refuse_unfaithful(changed, Itself(model), VALUES)


def test_a_model_that_calls_everything_abnormal_has_no_boundary() -> None:
    """With one support vector nothing may be above zero, so there is nothing to probe."""
    model = replace(fitted(), intercept=-1e9)
    assert boundary_points(model, VALUES).size == 0


def test_values_that_cannot_be_scaled_are_refused() -> None:
    """Readings whose variance overflows are a fault of this sensor, not a crash."""
    with np.errstate(all="ignore"), pytest.raises(ModelFault, match="scikit-learn cannot fit it"):
        fit(np.array([[1e308], [-1e308]] * 20), OPTIONS)


def test_the_same_readings_give_the_same_fit() -> None:
    """Neither numbers nor provenance depend on the time."""
    first, second = fit(VALUES, OPTIONS), fit(VALUES, OPTIONS)
    assert first.provenance == second.provenance
    assert first.render({}) == second.render({})
