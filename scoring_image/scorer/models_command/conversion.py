"""A pickled one-class SVM as a model file of ours: for models that were fitted long ago and elsewhere.

The pickle is read by a process of its own (``pickled_svm.py``), which has no environment and so no
signature. What comes back is numbers, which are checked as those of any model file, and then compared label
for label with scikit-learn's own code at work on them.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM

from scorer.errors import ModelFault
from scorer.models.format import FORMAT, parse_model, render_model
from scorer.training.fitting import libraries, refuse_unfaithful
from scoring_contract.errors import MessageError

if TYPE_CHECKING:
    from scorer.models.ocsvm import OneClassSvm

_READER = Path(__file__).parents[1] / "models" / "pickled_svm.py"
_SECONDS = 120
"""A guard against hanging; the reader's own limit on computing time is shorter."""


def converted(pickled: bytes, *, features: tuple[str, ...]) -> bytes:
    """Return the model file of a pickled one-class SVM.

    :param pickled: a pickle or a joblib file, packed or not, of any version of scikit-learn
    :param features: names of the columns that it was fitted on
    :raises ModelFault: if it holds anything else, or decides unlike scikit-learn
    """
    numbers = _numbers_of(pickled)
    model = _model_of(numbers, features)
    vectors = model.support_vectors * model.scale + model.mean
    refuse_unfaithful(model, _in_todays_scikit_learn(model), vectors)
    return render_model(
        model,
        {
            "converted_from_sha256": hashlib.sha256(pickled).hexdigest(),
            "libraries": {**libraries(), "scikit-learn": str(numbers["scikit-learn"])},
        },
    )


def _numbers_of(pickled: bytes) -> dict[str, Any]:
    """Have the pickle read by a process that holds nothing worth stealing.

    :raises ModelFault: with the reader's sentence
    """
    try:
        done = subprocess.run(  # noqa: S603  # our own program; what is not trusted is its input
            [sys.executable, "-I", str(_READER)],
            input=pickled,
            env={"OPENBLAS_NUM_THREADS": "1"},
            cwd="/",
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ModelFault(f"not converted: reading it takes more than {_SECONDS} s") from None
    answer = done.stdout.decode(errors="replace")
    if done.returncode:
        raise ModelFault(
            f"not converted: {answer or f'its reader ended with code {done.returncode}'}; load it where it "
            "was made and write it with skops.io.dump, or train again"
        )
    numbers: dict[str, Any] = json.loads(answer)
    return numbers


def _model_of(numbers: dict[str, Any], features: tuple[str, ...]) -> OneClassSvm:
    """Check the numbers as those of a model file.

    :raises ModelFault: naming the place that is wrong
    """
    width = len(numbers["support_vectors"][0]) if numbers["support_vectors"] else 0
    if width != len(features):
        raise ModelFault(
            f"not converted: it was fitted on {width} columns, name as many with --features in their order"
        )
    scaler = numbers["scaler"] or {"mean": None, "scale": None}
    body = {
        "format": FORMAT,
        "features": list(features),
        "scaler": {"mean": scaler["mean"] or [0.0] * width, "scale": scaler["scale"] or [1.0] * width},
        **{name: numbers[name] for name in ("kernel", "support_vectors", "coefficients", "intercept")},
    }
    try:
        return parse_model(json.dumps(body).encode())
    except MessageError as error:
        raise ModelFault(f"not converted: {error}") from error


def _in_todays_scikit_learn(model: OneClassSvm) -> Any:
    """Put the numbers into estimators of the scikit-learn that is installed."""
    count, width = model.support_vectors.shape
    kernel = model.kernel
    svm = OneClassSVM(
        kernel=kernel.name, degree=getattr(kernel, "degree", 3), coef0=getattr(kernel, "coef0", 0.0)
    )
    svm.support_ = np.arange(count, dtype=np.int32)
    svm.support_vectors_ = model.support_vectors
    svm.dual_coef_, svm.intercept_ = model.coefficients[np.newaxis], np.array([model.intercept])
    for name, value in {
        "_dual_coef_": svm.dual_coef_,
        "_intercept_": svm.intercept_,
        "_n_support": np.array([count, 0], dtype=np.int32),
        "_probA": np.empty(0),
        "_probB": np.empty(0),
        "_gamma": getattr(kernel, "gamma", 0.0),
        "_sparse": False,
    }.items():  # what libsvm is given, for which there are no public names
        setattr(svm, name, value)
    svm.offset_, svm.fit_status_, svm.n_features_in_ = -svm.intercept_, 0, width
    svm.shape_fit_, svm.class_weight_ = model.support_vectors.shape, np.empty(0)
    scaler = StandardScaler()
    scaler.mean_, scaler.scale_, scaler.var_ = model.mean, model.scale, model.scale**2
    scaler.n_features_in_, scaler.n_samples_seen_ = width, count
    return make_pipeline(scaler, svm)
