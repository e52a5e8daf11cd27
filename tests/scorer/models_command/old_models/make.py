"""Makes the models of this folder, by the Python of an environment with an old scikit-learn.

``scikit-learn==0.19.2`` and ``scikit-learn==0.20.4`` have wheels for Python 3.6 and 3.7. Their labels are
kept beside the models: what a conversion must decide is what the library that fitted them decided.
"""
# ruff: noqa: I002  # Python 3.6 knows no such future

import json
import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
import sklearn
from sklearn.externals import joblib
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM

FOLDER = Path(__file__).parent


def main() -> None:
    """Fit a pipeline of one column and a bare SVM of two; keep what each predicts."""
    random = np.random.RandomState(7)
    for name, values, model in (
        (
            "pipeline",
            random.normal(82, 3, (300, 1)),
            Pipeline([("s", StandardScaler()), ("m", svm(gamma=0.01))]),
        ),
        ("svm", random.normal(1, 0.3, (120, 2)), svm(kernel="poly", gamma=0.5, coef0=1.0, degree=2)),
    ):
        model.fit(values)
        tried = np.concatenate([values, values * 1.1, values * 0.7])
        file = FOLDER / f"{name}-{sklearn.__version__}"
        file.with_name(file.name + ".pkl").write_bytes(pickle.dumps(model, protocol=2))
        joblib.dump(model, str(file) + ".joblib")
        joblib.dump(model, str(file) + ".joblib.gz", compress=("gzip", 9))
        labels = {"values": tried.tolist(), "labels": model.predict(tried).tolist()}
        file.with_name(file.name + ".json").write_text(json.dumps(labels))
        sys.stdout.write(f"{file.name}: {labels['labels'].count(-1)} anomalies\n")


def svm(**numbers: Any) -> OneClassSVM:
    """Return an SVM that calls few of its readings anomalies."""
    return OneClassSVM(nu=0.05, **numbers)


if __name__ == "__main__":
    main()
