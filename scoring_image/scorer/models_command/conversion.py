"""Converts a pickled one-class SVM to a model file of ours, for models from other projects and old versions.

A separate process (``pickled_svm.py``) reads the pickle, with an empty environment and so without signatures.
It returns numbers, which are checked like those of any model file; then the model's labels are compared with
those of scikit-learn for the same numbers.
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
"""Guard against hanging; the reader's own limit of CPU time is shorter."""


def converted(pickled: bytes, *, features: tuple[str, ...]) -> bytes:
    """Convert a pickled one-class SVM to a model file.

    :param pickled: a pickle or a joblib file, compressed or not, of any version of scikit-learn
    :param features: names of the columns that it was fitted on, in order
    :return: the model file
    :raises ModelFault: if it is anything else, or labels a value unlike scikit-learn
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
    """Read the pickle in a process that has no secrets.

    :raises ModelFault: with the reader's reason
    """
    try:
        done = subprocess.run(  # noqa: S603  # our own program; only its input is untrusted
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
            "was fitted and save it with skops.io.dump, or train again"
        )
    numbers: dict[str, Any] = json.loads(answer)
    return numbers


def _model_of(numbers: dict[str, Any], features: tuple[str, ...]) -> OneClassSvm:
    """Check the numbers like those of a model file.

    :raises ModelFault: naming the member that is wrong
    """
    width = len(numbers["support_vectors"][0]) if numbers["support_vectors"] else 0
    if width != len(features):
        raise ModelFault(
            f"not converted: it was fitted on {width} columns, but --features names {len(features)}: "
            "name all of them, in order"
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
    """Build estimators of the installed scikit-learn from the numbers."""
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
    }.items():  # libsvm's inputs, which have no public names
        setattr(svm, name, value)
    svm.offset_, svm.fit_status_, svm.n_features_in_ = -svm.intercept_, 0, width
    svm.shape_fit_, svm.class_weight_ = model.support_vectors.shape, np.empty(0)
    scaler = StandardScaler()
    scaler.mean_, scaler.scale_, scaler.var_ = model.mean, model.scale, model.scale**2
    scaler.n_features_in_, scaler.n_samples_seen_ = width, count
    return make_pipeline(scaler, svm)
