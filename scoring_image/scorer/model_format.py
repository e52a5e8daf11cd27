"""The model file: fitted numbers as JSON, format ``ocsvm-json/1``. Nothing here can run code from a file.

::

{
  "format": "ocsvm-json/1",
  "features": ["Value"],
  "scaler": {"mean": [10.1], "scale": [0.4]},      or null: values are used as they are
  "kernel": "rbf",
  "gamma": 1.0,
  "support_vectors": [[-2.5], [1.75]],             in scaled units, one row each
  "coefficients": [0.5, 0.5],                      one per support vector
  "intercept": -0.25,                              added to the sum; above zero is normal
  "provenance": {"sensor": "1_4", ...}             for people; not read when scoring
}

Numbers are written by ``repr`` and so come back as the very float64 that was fitted.
"""

from __future__ import annotations

import hashlib
import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from scorer.errors import ModelFault
from scorer.ocsvm import OneClassSvm
from scoring_contract.errors import MessageError
from scoring_contract.reading import Node

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoring_contract.manifest import ModelRef

FORMAT = "ocsvm-json/1"
_FEATURES = ["Value"]
_SHOWN_DIGITS = 12


def load_model(data: bytes, ref: ModelRef) -> OneClassSvm:
    """Return the model of a file, once its digest, its nature and its form are those that the order names.

    :raises ModelFault: otherwise; the sentence names the blob
    """
    found = hashlib.sha256(data).hexdigest()
    if found != ref.sha256:
        raise ModelFault(
            f"{ref.blob} has the digest {found[:_SHOWN_DIGITS]}..., "
            f"the order names {ref.sha256[:_SHOWN_DIGITS]}...: it is not the model that was registered"
        )
    if _looks_pickled(data):
        raise ModelFault(f"{ref.blob} is a pickle, which could run any code: models are data, never pickles")
    try:
        return parse_model(data, format_named=ref.format)
    except MessageError as error:
        raise ModelFault(f"{ref.blob} is not a model of format {FORMAT}: {error}") from error


def parse_model(data: bytes, *, format_named: str = FORMAT) -> OneClassSvm:
    """Read a model file.

    :param format_named: the format that the order names; it must be ours, and the file's
    :raises MessageError: naming the place that is wrong
    """
    try:
        root = Node("model", "", json.loads(data))
    except (ValueError, RecursionError) as error:
        raise MessageError("model", "", "is not JSON") from error
    _expect(root["format"], format_named)
    _expect(root["format"], FORMAT)
    _expect(root["features"], _FEATURES)
    _expect(root["kernel"], "rbf")
    mean, scale = _scaler(root["scaler"])
    vectors = np.array([_only(row) for row in root["support_vectors"].elements()], dtype=np.float64)
    coefficients = np.array([_number(node) for node in root["coefficients"].elements()], dtype=np.float64)
    if not len(vectors) or len(vectors) != len(coefficients):
        raise root["coefficients"].wrong(f"are {len(coefficients)} for {len(vectors)} support vectors")
    if not math.isfinite(sum(map(abs, coefficients.tolist()))):
        raise root["coefficients"].wrong("are too large to be added")
    gamma = _number(root["gamma"])
    if gamma <= 0:
        raise root["gamma"].wrong("is not above zero")
    return OneClassSvm(mean, scale, gamma, vectors, coefficients, _number(root["intercept"]))


def render_model(model: OneClassSvm, provenance: Mapping[str, Any]) -> bytes:
    """Write a model file; the same model and provenance give the same bytes.

    :param provenance: where the model comes from; no wall clock, so that training again changes nothing
    """
    body = {
        "format": FORMAT,
        "features": _FEATURES,
        "scaler": {"mean": [model.mean], "scale": [model.scale]},
        "kernel": "rbf",
        "gamma": model.gamma,
        "support_vectors": [[vector] for vector in model.support_vectors.tolist()],
        "coefficients": model.coefficients.tolist(),
        "intercept": model.intercept,
        "provenance": provenance,
    }
    return (json.dumps(body, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _looks_pickled(data: bytes) -> bool:
    """Binary pickles begin with PROTO; the old text ones end with STOP, and JSON never does."""
    return data[:1] == b"\x80" or data[-1:] == b"."


def _scaler(node: Node) -> tuple[float, float]:
    if node.is_absent:
        return 0.0, 1.0
    mean, scale = _only(node["mean"]), _only(node["scale"])
    if scale == 0:
        raise node["scale"].wrong("is zero")
    return mean, scale


def _only(node: Node) -> float:
    """Read a list of exactly one number: one feature."""
    numbers = [_number(element) for element in node.elements()]
    if len(numbers) != len(_FEATURES):
        raise node.wrong(f"has {len(numbers)} numbers for {len(_FEATURES)} feature")
    return numbers[0]


def _number(node: Node) -> float:
    if not isinstance(node.value, int | float) or isinstance(node.value, bool):
        raise node.wrong("is not a number")
    try:
        number = float(node.value)
    except OverflowError:
        raise node.wrong("is too large") from None  # the cause says no more
    if not math.isfinite(number):
        raise node.wrong("is not finite")
    return number


def _expect(node: Node, value: Any) -> None:
    if node.value != value:
        raise node.wrong(f"is {str(node.value)[:100]!r}, not {value!r}")
