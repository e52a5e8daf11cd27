"""Compares exported models with scikit-learn: ``python -m bench.fidelity [--cases 1000000] [--seed 0]``.

Random models over kernels, nu, gamma and numbers of features, with and without a scaler; each labels random
readings, near and far, and points 1 to 10^9 units in the last place from its decision boundary. It counts
predictions, those computed exactly as libsvm does, and differences, of which there must be none.
"""

from __future__ import annotations

import argparse
import json
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM

from scorer.training.equivalence import boundary_points
from scorer.training.fitting import exported

RESULTS = Path(__file__).parent / "results" / "fidelity.json"
KERNELS = ("rbf", "linear", "poly", "sigmoid")
WIDTHS = (1, 2, 3, 5, 8, 17)
_ROWS = 200
"""Training readings of a model."""
_CASES_EACH = 2000
"""Random readings per model."""
_MOST_BESIDE = 4000
"""Points close to the boundary per model."""


def main() -> None:
    """Count, print and save the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    order = parser.parse_args()
    random = np.random.default_rng(order.seed)
    counts: dict[str, Counter[str]] = {kernel: Counter() for kernel in KERNELS}
    models = 0
    while sum(count["random readings"] for count in counts.values()) < order.cases:
        kernel = KERNELS[models % len(KERNELS)]
        counts[kernel].update(_counted(kernel, WIDTHS[models // len(KERNELS) % len(WIDTHS)], random))
        models += 1
    body = {kernel: {"models": models // len(KERNELS), **count} for kernel, count in counts.items()}
    print(json.dumps(body, indent=2))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(body, indent=2) + "\n")


def _counted(kernel: str, width: int, random: np.random.Generator) -> Counter[str]:
    """Fit a model, and count its labels of random readings and of points close to its boundary."""
    trained = random.normal(random.uniform(-50, 50), 10 ** random.uniform(-2, 2), (_ROWS, width))
    estimator = _estimator(kernel, random)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the solver was stopped: any coefficients serve
        estimator.fit(trained)
    model = exported(estimator, tuple(f"f{number}" for number in range(width)))
    if model is None:
        raise TypeError(f"{estimator} cannot be exported")
    error_scale = trained.std() * 10 ** random.uniform(-1, 3, (_CASES_EACH, 1))
    cases = trained.mean(axis=0) + error_scale * random.normal(size=(_CASES_EACH, width))
    beside = boundary_points(model, trained)
    beside = random.permutation(beside)[:_MOST_BESIDE]
    found: Counter[str] = Counter()
    for what, points in (("random readings", cases), ("beside the boundary", beside)):
        if len(points):
            found[what] += len(points)
            found["decided like libsvm"] += int(model.near(points).sum())
            theirs = estimator.predict(points) == -1
            found["differences"] += int((model.predict(points).anomalies != theirs).sum())
    return found


def _estimator(kernel: str, random: np.random.Generator) -> Any:
    gamma = random.choice(["scale", "auto", "number"])
    svm = OneClassSVM(
        kernel=kernel,
        nu=float(random.choice([0.0001, 0.01, 0.05, 0.2, 0.7])),
        gamma=10 ** random.uniform(-3, 1) if gamma == "number" else str(gamma),
        degree=int(random.integers(1, 6)),
        coef0=float(random.choice([0.0, 1.0, -0.5])),
        max_iter=20_000,
    )
    return make_pipeline(StandardScaler(), svm) if random.integers(2) else svm


if __name__ == "__main__":
    main()
