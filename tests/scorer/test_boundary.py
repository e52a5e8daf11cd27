"""Models of sensors that know few values: what they call an anomaly, and which are refused."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM

from scorer.errors import DataFault
from scorer.fitting import exported, fit
from scorer.train_order import TrainOrder
from scoring_contract.hour import RunHour

if TYPE_CHECKING:
    from scorer.ocsvm import OneClassSvm

ORDER = TrainOrder(RunHour.parse("2018-08-29T01"), RunHour.parse("2018-08-29T02"))
RANDOM = np.random.default_rng(7)
FEW_VALUES = {
    "stuck": np.full(600, 9.0),
    "stuck at what no float is": np.full(60, 0.1),
    "a switch": np.tile([0.0, 1.0], 300),
    "a switch that is seldom on": np.repeat([0.0, 1.0], [998, 1]),
    "three steps": RANDOM.choice([20.0, 20.1, 20.2], 600),
    "four steps": np.tile([0.0, 1.0, 2.0, 3.0], 150),
    "one decimal place": np.round(RANDOM.normal(20, 0.3, 1200), 1),
    "a spike in what is stuck": np.append(np.full(599, 5.0), 5.1),
    "neighbouring floats": np.tile([0.1 + 0.2, 0.3], 300),
}


def model_of(readings: np.ndarray, order: TrainOrder = ORDER) -> OneClassSvm:
    """Train a sensor."""
    model = fit(readings.reshape(-1, 1), order).model
    assert model is not None
    return model


@pytest.mark.parametrize("nu", [0.01, 0.05])
@pytest.mark.parametrize("readings", FEW_VALUES.values(), ids=FEW_VALUES)
def test_no_more_training_readings_are_anomalies_than_nu_allows(readings: np.ndarray, nu: float) -> None:
    """scikit-learn calls a third of them anomalies, or all: on the boundary, rounding decides."""
    model = model_of(readings, replace(ORDER, nu=nu))
    assert model.judge(readings).anomalies.mean() <= nu


@pytest.mark.parametrize("readings", FEW_VALUES.values(), ids=FEW_VALUES)
def test_what_lies_beyond_is_an_anomaly(readings: np.ndarray) -> None:
    """Two ranges further off, or by a hundredth if there is no range."""
    reach = 2 * float(np.ptp(readings)) or 0.01
    beyond = np.array([readings.min() - reach, readings.max() + reach])
    assert model_of(readings).judge(beyond).anomalies.tolist() == [True, True]


def test_a_boundary_that_keeps_to_nu_is_scikit_learns() -> None:
    """Nothing is moved where nothing has to be."""
    values = np.random.default_rng(3).normal(10, 3, (300, 1))
    theirs = exported(make_pipeline(StandardScaler(), OneClassSVM(nu=0.05, tol=1e-6)).fit(values))
    fitted = fit(values, replace(ORDER, nu=0.05))
    assert theirs is not None
    assert fitted.model is not None
    assert fitted.model.intercept == theirs.intercept
    assert "boundary_moved" not in fitted.provenance


def test_a_boundary_that_was_moved_says_so_in_its_file() -> None:
    """By no more than the solver leaves open."""
    fitted = fit(FEW_VALUES["a switch"].reshape(-1, 1), ORDER)
    assert 0 < fitted.provenance["boundary_moved"] < 1e-5


@pytest.mark.parametrize(
    ("readings", "order"),
    [
        pytest.param(FEW_VALUES["stuck"], replace(ORDER, estimator="isolation-forest"), id="forest, stuck"),
        pytest.param(
            FEW_VALUES["three steps"], replace(ORDER, estimator="isolation-forest"), id="forest, three steps"
        ),
        pytest.param(FEW_VALUES["stuck"], replace(ORDER, kernel="linear"), id="linear, stuck"),
    ],
)
def test_a_model_that_would_call_nothing_an_anomaly_is_refused(
    readings: np.ndarray, order: TrainOrder
) -> None:
    """Its sensor would be green for good; an isolation forest knows no further off than its last reading."""
    with pytest.raises(DataFault, match=r"nothing would ever be an anomaly: its 600 readings are [13] diff"):
        fit(readings.reshape(-1, 1), order)
