"""Models that would never find an anomaly."""

from __future__ import annotations

import numpy as np
import pytest

from scorer.errors import DataFault
from scorer.training.fitting import fit
from scoring_contract.fit_options import FitOptions

FOREST = FitOptions(estimator="isolation-forest")
STUCK = np.full(600, 9.0)
THREE_STEPS = np.random.default_rng(7).choice([20.0, 20.1, 20.2], 600)


@pytest.mark.parametrize(
    ("readings", "options"),
    [
        pytest.param(STUCK, FOREST, id="forest, stuck"),
        pytest.param(THREE_STEPS, FOREST, id="forest, three steps"),
    ],
)
def test_a_model_that_would_call_nothing_an_anomaly_is_refused(
    readings: np.ndarray, options: FitOptions
) -> None:
    """Its sensor would stay green forever: an isolation forest scores all far values alike."""
    with pytest.raises(DataFault, match=r"would never find an anomaly: its 600 readings have [13] distinct"):
        fit(readings.reshape(-1, 1), options)
