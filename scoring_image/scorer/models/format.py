"""Reads and writes model files of our format ``ocsvm-json/2``; ``skops.py`` does so for ``skops/1``.

A file of ours is one line of JSON with the numbers that a prediction needs, and nothing executable. Numbers
are written by ``repr``, so they read back as the same float64. ``docs/model-format.md`` describes the format.
Files are checked in full, because writers to the container need not be trusted.
"""

from __future__ import annotations

import json
import math
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from scorer.errors import ModelFault
from scorer.models.kernels import Linear, Poly, Rbf, Sigmoid
from scorer.models.ocsvm import OneClassSvm
from scoring_contract.errors import MessageError
from scoring_contract.json_message import Node
from scoring_contract.limits import MOST_DEGREE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scorer.models.kernels import Kernel
    from scorer.models.ocsvm import FloatArray, Model
    from scoring_contract.messages.manifest import ModelRef

FORMAT = "ocsvm-json/2"
SKOPS_FORMAT = "skops/1"
CONTENT_TYPES = {FORMAT: "application/json", SKOPS_FORMAT: "application/zip"}
MOST_BYTES = 32 << 20
"""A larger file is refused before it is fetched."""
MOST_VALUES = 1 << 19
"""Limit of the numbers, texts and lists in a file of ours: half a million take 50 MiB of memory, and no real
model comes near."""
_PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x04\x22\x4d\x18", b"\x78\x01", b"\x78\x9c", b"\x78\xda")
"""Magic bytes of gzip, bzip2, xz, lz4 and zlib: joblib compresses pickles with any of them
(https://joblib.readthedocs.io/en/stable/generated/joblib.dump.html)."""


def load_model(data: bytes, ref: ModelRef) -> Model:
    """Load the model of a file.

    :param data: bytes with the registered digest, as :func:`scorer.models.files.read_model` returns them
    :param ref: names its format
    :raises ModelFault: if they are not a model of that format; the sentence names the blob
    """
    if len(data) > MOST_BYTES:
        raise ModelFault(f"{ref.blob} has {len(data)} bytes; the limit is {MOST_BYTES}")
    refuse_pickled(data, ref.blob)
    if ref.format == SKOPS_FORMAT:
        return _load_skops(data, ref.blob)
    if ref.format != FORMAT:
        raise ModelFault(
            f"{ref.blob} has the format {ref.format!r}, this scorer reads {FORMAT!r} and {SKOPS_FORMAT!r}: "
            "train again, or use the scoring image that it was made for"
        )
    return read_own(data, ref.blob)


def read_own(data: bytes, blob: str) -> OneClassSvm:
    """Load a model file of our format.

    :param blob: its name, for errors
    :raises ModelFault: naming the member that is wrong
    """
    try:
        return parse_model(data)
    except MessageError as error:
        raise ModelFault(f"{blob} is not a model of format {FORMAT}: {error}") from error


def refuse_pickled(data: bytes, name: str) -> None:
    """Refuse pickles, including joblib files.

    Binary pickles start with the opcode PROTO, old text pickles end with STOP
    (https://docs.python.org/3/library/pickletools.html); JSON and zip files do neither.

    :param name: the file's name, for errors
    :raises ModelFault: if the data looks like a pickle
    """
    if data[:1] == b"\x80" or data[-1:] == b"." or data.startswith(_PACKED):
        raise ModelFault(
            f"{name} is a pickle, which could run any code; convert a pickled OneClassSVM with: "
            "python -m scorer models convert FILE --i-trust-this-file"
        )


def holds_more_values(text: bytes, most: int) -> bool:
    """Whether JSON may contain more values than the limit, found out before it is parsed.

    Parsing can turn four bytes into an object of a hundred. Every value follows a comma or an opening
    bracket.

    :param most: limit of numbers, texts, lists and objects
    """
    return len(text) > most and sum(map(text.count, (b",", b"[", b"{"))) > most


def _load_skops(data: bytes, blob: str) -> Model:
    try:
        from scorer.models.skops import load_skops  # noqa: PLC0415  # imports scikit-learn, which few models need
    except ImportError as error:
        raise ModelFault(
            f"{blob} is a scikit-learn estimator, and skops is not installed: "
            "use the scoring image with all requirements"
        ) from error
    return load_skops(data, blob)


def parse_model(data: bytes) -> OneClassSvm:
    """Parse a model file of our format.

    :raises MessageError: naming the member that is wrong
    """
    if holds_more_values(data, MOST_VALUES):
        raise MessageError("model", "", f"holds more than {MOST_VALUES:,} values")
    try:
        root = Node("model", "", json.loads(data))
    except (ValueError, RecursionError) as error:
        raise MessageError("model", "", "is not JSON") from error
    if root["format"].value != FORMAT:
        raise root["format"].wrong(f"is {str(root['format'].value)[:100]!r}, not {FORMAT!r}")
    features = features_at(root["features"])
    mean, scale = _scaler(root["scaler"], len(features))
    vectors = _matrix(root["support_vectors"], width=len(features))
    coefficients = _numbers(root["coefficients"])
    if not len(vectors) or len(vectors) != len(coefficients):
        raise root["coefficients"].wrong(f"are {len(coefficients)} for {len(vectors)} support vectors")
    if not math.isfinite(sum(map(abs, coefficients.tolist()))):
        raise root["coefficients"].wrong("are too large: their sum is infinite")
    kernel = _kernel(root["kernel"])
    return OneClassSvm(mean, scale, kernel, vectors, coefficients, _number(root["intercept"]), features)


def render_model(model: OneClassSvm, provenance: Mapping[str, Any]) -> bytes:
    """Render a model file; the same model and provenance give the same bytes.

    :param provenance: where the model comes from; without any time of day, so that training again changes
        nothing
    """
    body = {
        "format": FORMAT,
        "features": list(model.features),
        "scaler": {"mean": model.mean.tolist(), "scale": model.scale.tolist()},
        "kernel": {"name": model.kernel.name}
        | {name: getattr(model.kernel, name) for name in NUMBERS_OF[model.kernel.name]},
        "support_vectors": model.support_vectors.tolist(),
        "coefficients": model.coefficients.tolist(),
        "intercept": model.intercept,
        "provenance": provenance,
    }
    return (json.dumps(body, ensure_ascii=False, allow_nan=False) + "\n").encode()


NUMBERS_OF = {
    "rbf": ("gamma",),
    "linear": (),
    "poly": ("gamma", "coef0", "degree"),
    "sigmoid": ("gamma", "coef0"),
}
"""Parameters of each kernel."""


def features_at(node: Node) -> tuple[str, ...]:
    """Read the names of a model's features.

    :raises MessageError: if there is none, or one occurs twice
    """
    names = tuple(element.text() for element in node.elements())
    if not names or len(set(names)) != len(names):
        raise node.wrong("names no feature" if not names else "names a feature twice")
    return names


def _kernel(node: Node) -> Kernel:
    name = node["name"].value
    if name == "rbf":
        return Rbf(_above_zero(node["gamma"]))
    if name == "linear":
        return Linear()
    if name == "poly":
        return Poly(_number(node["gamma"]), _number(node["coef0"]), _degree(node["degree"]))
    if name == "sigmoid":
        return Sigmoid(_number(node["gamma"]), _number(node["coef0"]))
    raise node["name"].wrong(f"is {str(name)[:100]!r}, not one of {', '.join(NUMBERS_OF)}")


def _scaler(node: Node, width: int) -> tuple[FloatArray, FloatArray]:
    if node.is_absent:
        return np.zeros(width), np.ones(width)
    mean, scale = _numbers(node["mean"]), _numbers(node["scale"])
    for name, numbers in (("mean", mean), ("scale", scale)):
        if len(numbers) != width:
            raise node[name].wrong(f"has {len(numbers)} numbers for {width} features")
    if not scale.all():
        raise node["scale"].wrong("is zero")
    return mean, scale


def _matrix(node: Node, *, width: int) -> FloatArray:
    """Read rows of equal length; shape (n_rows, width)."""
    rows = node.value
    if not isinstance(rows, list) or not set(map(type, rows)) <= {list}:
        for element in node.elements():
            element.elements()
    for index, row in enumerate(rows):
        if len(row) != width:
            raise MessageError(
                node.message, f"{node.path}[{index}]", f"has {len(row)} numbers for {width} features"
            )
    flat = list(chain.from_iterable(rows))
    return _converted(Node(node.message, node.path, flat), width).reshape(-1, width)


def _numbers(node: Node) -> FloatArray:
    """Read a list of finite numbers."""
    node.elements()
    return _converted(node, 1)


def _converted(node: Node, width: int) -> FloatArray:
    """Convert a list of numbers to an array in one call; only if that fails, look for the wrong one.

    :param width: numbers per row, to name the position of a wrong one
    """
    if set(map(type, node.value)) <= {float, int}:
        try:
            numbers = np.array(node.value, dtype=np.float64)
        except OverflowError:
            numbers = np.array([math.inf])
        if np.isfinite(numbers).all():
            return numbers
    for index, value in enumerate(node.value):
        place = f"[{index // width}][{index % width}]" if width > 1 else f"[{index}]"
        _number(Node(node.message, node.path + place, value))
    raise AssertionError("one of the numbers is wrong")


def _degree(node: Node) -> int:
    degree = node.count()
    if degree > MOST_DEGREE:
        raise node.wrong(f"is {degree}, above {MOST_DEGREE}")
    return degree


def _above_zero(node: Node) -> float:
    number = _number(node)
    if number <= 0:
        raise node.wrong("is not above zero")
    return number


def _number(node: Node) -> float:
    if not isinstance(node.value, int | float) or isinstance(node.value, bool):
        raise node.wrong("is not a number")
    try:
        number = float(node.value)
    except OverflowError:
        raise node.wrong("is too large") from None  # the cause adds nothing
    if not math.isfinite(number):
        raise node.wrong("is not finite")
    return number
