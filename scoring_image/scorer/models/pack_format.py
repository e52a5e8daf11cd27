"""The head of a pack: the numbers of its models as plain arrays, checked for all models at once. No I/O.

``docs/model-format.md`` describes it. A model is found by the digest of its own file, so a stale or misplaced
entry is never used. The name of a pack contains the digest of its head; the head is checked nevertheless, in
case its writer was wrong.
"""

from __future__ import annotations

import hashlib
import json
import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from scorer.models.format import MOST_VALUES, NUMBERS_OF, features_at, holds_more_values
from scorer.models.kernels import Linear, Poly, Rbf, Sigmoid
from scorer.models.ocsvm import OneClassSvm
from scoring_contract.errors import MessageError
from scoring_contract.json_message import Node
from scoring_contract.limits import MOST_DEGREE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from numpy.typing import NDArray

    from scorer.models.kernels import Kernel
    from scorer.models.ocsvm import FloatArray

    IntArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]

FORMAT = "ocsvm-pack/1"
_BEGINNING = struct.Struct("<8sQQ")
_MAGIC = b"ocsvmpk1"
_ENTRY = np.dtype(
    [
        ("sha256", "V32"),
        ("kernel", "<u4"),
        ("degree", "<u4"),
        ("features", "<u4"),
        ("vectors", "<u4"),
        ("gamma", "<f8"),
        ("coef0", "<f8"),
        ("intercept", "<f8"),
    ]
)
_KERNELS = tuple(NUMBERS_OF)
"""An entry holds its kernel's index in this: rbf, linear, poly, sigmoid."""
_DIGEST_CHARS = 64


class ModelPack:
    """The models of a checked head.

    :param table: shape (n_models,), an entry per model
    :param features: sets of features, to which the entries refer by index
    :param numbers: means, scales, coefficients and support vectors, model after model
    :param ends: shape (n_models,), index of the first number after each model's
    """

    def __init__(
        self, table: NDArray[Any], features: Sequence[tuple[str, ...]], numbers: FloatArray, ends: IntArray
    ) -> None:
        digests = table["sha256"].tobytes().hex()
        self._rows = table[[name for name in _ENTRY.names or () if name != "sha256"]].tolist()
        self._features = features
        self._numbers = numbers
        self._starts = [0, *ends.tolist()]
        self._places = {
            digests[place * _DIGEST_CHARS :][:_DIGEST_CHARS]: place for place in range(len(self._rows))
        }

    @property
    def digests(self) -> Collection[str]:
        """Hex digests of the models' own files, in order."""
        return self._places.keys()

    def __contains__(self, sha256: object) -> bool:
        return sha256 in self._places

    def model(self, sha256: str) -> OneClassSvm:
        """Return the model whose own file has this hex digest.

        :raises KeyError: if the pack does not hold it
        """
        place = self._places[sha256]
        kernel, degree, chosen, count, gamma, coef0, intercept = self._rows[place]
        features = self._features[chosen]
        width = len(features)
        numbers = self._numbers[self._starts[place] : self._starts[place + 1]]
        vectors = 2 * width + count
        return OneClassSvm(
            numbers[:width],
            numbers[width : 2 * width],
            _kernel(kernel, gamma, coef0, degree),
            numbers[vectors:].reshape(count, width),
            numbers[2 * width : vectors],
            intercept,
            features,
        )


def render_head(models: Iterable[tuple[str, OneClassSvm]], *, others: Sequence[str] = ()) -> bytes:
    """Render the head of a pack.

    :param models: each with the hex digest of its own file
    :param others: hex digests of the pack's files that have other formats
    """
    entries: list[tuple[object, ...]] = []
    numbers: list[FloatArray] = []
    features: dict[tuple[str, ...], int] = {}
    for sha256, model in models:
        kernel, chosen = model.kernel, features.setdefault(model.features, len(features))
        named = {name: getattr(kernel, name) for name in NUMBERS_OF[kernel.name]}
        numbers += [model.mean, model.scale, model.coefficients, model.support_vectors.reshape(-1)]
        entries.append(
            (
                bytes.fromhex(sha256),
                _KERNELS.index(kernel.name),
                named.get("degree", 0),
                chosen,
                len(model.coefficients),
                named.get("gamma", 0.0),
                named.get("coef0", 0.0),
                model.intercept,
            )
        )
    about = {"format": FORMAT, "models": len(entries), "features": list(features), "others": list(others)}
    text = json.dumps(about, ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    arrays = (np.array(entries, _ENTRY), *(part.astype("<f8") for part in numbers))
    body = b"".join([text, *(array.tobytes() for array in arrays)])
    return _BEGINNING.pack(_MAGIC, _BEGINNING.size + len(body), len(text)) + body


def head_of(data: bytes) -> memoryview:
    """Return the bytes of a pack's head.

    :raises MessageError: if the file is not a pack, or shorter than its head
    """
    if len(data) < _BEGINNING.size or not data.startswith(_MAGIC):
        raise MessageError("pack", "", f"is not of format {FORMAT}")
    _, length, _ = _BEGINNING.unpack_from(data)
    if not _BEGINNING.size <= length <= len(data):
        raise MessageError("pack", "", f"claims a head of {length} bytes, but has {len(data)}")
    return memoryview(data)[:length]


def read_pack(data: bytes, *, sha256: str) -> ModelPack:
    """Read the models of a pack.

    :param data: the file, or its head
    :param sha256: hex digest that the head must have; checked before anything is parsed
    :raises MessageError: naming the member that is wrong
    """
    head = head_of(data)
    if (found := hashlib.sha256(head).hexdigest()) != sha256:
        raise MessageError("pack", "", f"has a head with the digest {found[:12]}..., not {sha256[:12]}...")
    _, length, text_length = _BEGINNING.unpack_from(head)
    text_end = _BEGINNING.size + text_length
    if text_end > length:
        raise MessageError("pack", "", f"claims a description of {text_length} bytes in a head of {length}")
    count, features = _described(bytes(head[_BEGINNING.size : text_end]))
    table_end = text_end + count * _ENTRY.itemsize
    if table_end > length or (length - table_end) % 8:
        raise MessageError("pack", "models", f"are {count}, which do not fit a head of {length} bytes")
    table = np.frombuffer(head, _ENTRY, count, text_end)
    numbers = np.frombuffer(head, "<f8", offset=table_end)
    return ModelPack(table, features, numbers, _checked_ends(table, features, numbers))


def _described(text: bytes) -> tuple[int, list[tuple[str, ...]]]:
    """Read the number of models, and their sets of features."""
    if holds_more_values(text, MOST_VALUES):
        raise MessageError("pack", "", f"holds more than {MOST_VALUES:,} names")
    try:
        root = Node("pack", "", json.loads(text))
    except (ValueError, RecursionError) as error:
        raise MessageError("pack", "", "has a description that is not JSON") from error
    if root["format"].value != FORMAT:
        raise root["format"].wrong(f"is {str(root['format'].value)[:100]!r}, not {FORMAT!r}")
    return root["models"].count(), [features_at(node) for node in root["features"].elements()]


def _checked_ends(table: NDArray[Any], features: Sequence[tuple[str, ...]], numbers: FloatArray) -> IntArray:
    """Check all that ``format.parse_model`` checks.

    :return: shape (n_models,), index of the first number after each model's
    """
    if not len(table):
        if len(numbers):
            raise MessageError("pack", "models", f"are none, but there are {len(numbers)} numbers")
        return np.empty(0, np.int64)
    _refuse(table["kernel"] >= len(_KERNELS), "kernel", "is unknown")
    _refuse(table["features"] >= len(features), "features", "are not described in the pack")
    vectors = table["vectors"].astype(np.int64)
    widths = np.array([len(names) for names in features], np.int64)[table["features"]]
    _refuse(vectors == 0, "vectors", "are none")
    _refuse(vectors > MOST_VALUES // (widths + 1), "vectors", f"are more than {MOST_VALUES:,} values")
    ends = np.cumsum(vectors * (widths + 1) + 2 * widths)
    if ends[-1] != len(numbers):
        raise MessageError("pack", "models", f"take {ends[-1]} numbers, but there are {len(numbers)}")
    _check_kernels(table)
    _check_numbers(numbers, ends - vectors * (widths + 1), widths, vectors)
    return ends


def _check_kernels(table: NDArray[Any]) -> None:
    for name in ("gamma", "coef0", "intercept"):
        _refuse(~np.isfinite(table[name]), name, "is not finite")
    is_rbf = table["kernel"] == _KERNELS.index(Rbf.name)
    _refuse(is_rbf & (table["gamma"] <= 0), "gamma", "is not above zero")
    _refuse(table["degree"] > MOST_DEGREE, "degree", f"is above {MOST_DEGREE}")


def _check_numbers(numbers: FloatArray, coefficients: IntArray, widths: IntArray, vectors: IntArray) -> None:
    """Check the numbers of all models.

    :param coefficients: shape (n_models,), index of each model's first coefficient, after means and scales
    :param widths: shape (n_models,), number of features
    :param vectors: shape (n_models,), number of support vectors
    """
    if not np.isfinite(numbers).all():
        ends = coefficients + vectors * (widths + 1)
        place = int(np.searchsorted(ends, np.flatnonzero(~np.isfinite(numbers))[0], side="right"))
        raise MessageError("pack", f"models[{place}]", "has a number that is not finite")
    sizes = np.abs(numbers)
    scales = np.column_stack((coefficients - widths, coefficients)).reshape(-1)
    _refuse(np.minimum.reduceat(sizes, scales)[::2] == 0, "scale", "is zero")
    parts = np.column_stack((coefficients, coefficients + vectors)).reshape(-1)
    with np.errstate(over="ignore"):
        sums = np.add.reduceat(sizes, parts)[::2]
    _refuse(~np.isfinite(sums), "coefficients", "are too large: their sum is infinite")


def _refuse(wrong: BoolArray, name: str, problem: str) -> None:
    """Refuse a pack with a wrong model, naming the first one.

    :param wrong: shape (n_models,), true for a wrong model
    :param name: the wrong member
    :raises MessageError: if any is wrong
    """
    if wrong.any():
        raise MessageError("pack", f"models[{int(wrong.argmax())}].{name}", problem)


def _kernel(kernel: int, gamma: float, coef0: float, degree: int) -> Kernel:
    match _KERNELS[kernel]:
        case "rbf":
            return Rbf(gamma)
        case "linear":
            return Linear()
        case "poly":
            return Poly(gamma, coef0, degree)
        case _:
            return Sigmoid(gamma, coef0)
