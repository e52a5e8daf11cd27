"""Many models in one file: their numbers are bit-identical to those of the single files, or refused."""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorer.models.format import parse_model, render_model
from scorer.models.kernels import Linear, Poly, Rbf, Sigmoid
from scorer.models.ocsvm import OneClassSvm
from scorer.models.pack_format import head_of, read_pack, render_head
from scoring_contract.errors import MessageError
from scoring_contract.limits import MOST_DEGREE

SVM = OneClassSvm(
    mean=np.array([10.0]),
    scale=np.array([2.0]),
    kernel=Rbf(1.0),
    support_vectors=np.array([[-1.0], [1.0]]),
    coefficients=np.array([0.5, 0.5]),
    intercept=-0.3,
)
FINITE = st.floats(-1e9, 1e9)
KERNELS = st.one_of(
    st.floats(1e-9, 1e9).map(Rbf),
    st.just(Linear()),
    st.builds(Poly, FINITE, FINITE, st.integers(0, MOST_DEGREE)),
    st.builds(Sigmoid, FINITE, FINITE),
)


@st.composite
def models(draw: st.DrawFn) -> OneClassSvm:
    """Draw a model of any kernel, of one feature or several."""
    width, count = draw(st.integers(1, 3)), draw(st.integers(1, 5))
    numbers = np.array(draw(st.lists(FINITE, min_size=99, max_size=99)))
    return OneClassSvm(
        mean=numbers[:width],
        scale=np.where(numbers[3 : 3 + width] == 0, 1.0, numbers[3 : 3 + width]),
        kernel=draw(KERNELS),
        support_vectors=numbers[6 : 6 + count * width].reshape(count, width),
        coefficients=numbers[40 : 40 + count],
        intercept=draw(FINITE),
        features=("Value", "Ampere", "Kelvin")[:width],
    )


def read(head: bytes) -> list[OneClassSvm]:
    """Read all models of a pack whose digest matches."""
    pack = read_pack(head, sha256=hashlib.sha256(head_of(head)).hexdigest())
    return [pack.model(name) for name in pack.digests]


def name_of(index: int) -> str:
    """Make up the digest of a model's own file."""
    return hashlib.sha256(bytes([index])).hexdigest()


def facts(model: OneClassSvm) -> tuple[object, ...]:
    """Return every number of a model, bit by bit."""
    arrays = (model.mean, model.scale, model.support_vectors, model.coefficients)
    shapes = tuple((array.shape, array.dtype, array.tobytes()) for array in arrays)
    return (*shapes, model.kernel, struct.pack("<d", model.intercept), model.features)


@given(st.lists(models(), max_size=6))
def test_a_pack_gives_back_the_very_numbers_of_the_single_files(drawn: list[OneClassSvm]) -> None:
    """With any kernel and any number of features and vectors, no prediction can differ."""
    files = [render_model(model, {}) for model in drawn]
    named = [(name_of(index), parse_model(file)) for index, file in enumerate(files)]
    found = read(render_head(named) + b"".join(files))
    assert list(map(facts, found)) == [facts(model) for _, model in named]


WRONG = {
    "mean": (replace(SVM, mean=np.array([np.nan])), r"models\[1\]: has a number that is not finite"),
    "vector": (
        replace(SVM, support_vectors=np.array([[1.0], [np.inf]])),
        r"models\[1\]: has a number that is not finite",
    ),
    "scale": (replace(SVM, scale=np.array([-0.0])), r"models\[1\]\.scale: is zero"),
    "coefficients": (
        replace(SVM, coefficients=np.array([1.7e308, -1.7e308])),
        r"models\[1\]\.coefficients: are too large: their sum is infinite",
    ),
    "no vectors": (
        replace(SVM, support_vectors=np.empty((0, 1)), coefficients=np.empty(0)),
        r"models\[1\]\.vectors: are none",
    ),
    "intercept": (replace(SVM, intercept=np.nan), r"models\[1\]\.intercept: is not finite"),
    "gamma": (replace(SVM, kernel=Rbf(0.0)), r"models\[1\]\.gamma: is not above zero"),
    "sigmoid": (replace(SVM, kernel=Sigmoid(np.inf, 0.0)), r"models\[1\]\.gamma: is not finite"),
    "coef0": (replace(SVM, kernel=Poly(1.0, np.nan, 2)), r"models\[1\]\.coef0: is not finite"),
    "degree": (replace(SVM, kernel=Poly(1.0, 0.0, 65)), r"models\[1\]\.degree: is above 64"),
    "vectors that are not there": (
        replace(SVM, coefficients=np.ones(9)),
        r"models: take 32 numbers, but there are 25",
    ),
    "no features": (replace(SVM, features=()), r"features\[1\]: names no feature"),
    "a feature twice": (replace(SVM, features=("a", "a")), r"features\[1\]: names a feature twice"),
}


@pytest.mark.parametrize(("model", "problem"), WRONG.values(), ids=WRONG)
def test_whatever_a_single_file_would_be_refused_for_is_refused_in_a_pack(
    model: OneClassSvm, problem: str
) -> None:
    """The error gives the model's place in the pack, whatever the other models are."""
    head = render_head([(name_of(0), SVM), (name_of(1), model), (name_of(2), SVM)])
    with pytest.raises(MessageError, match=problem):
        read(head)


def altered(head: bytes, place: int, value: int, form: str = "<Q") -> bytes:
    """Overwrite a number in a pack's header."""
    whole = bytearray(head)
    struct.pack_into(form, whole, place, value)
    return bytes(whole)


HEAD = render_head([(name_of(0), SVM)])
TABLE = 24 + struct.unpack_from("<Q", HEAD, 16)[0]
CLAIMS = {
    "nothing": (b"", "is not of format ocsvm-pack/1"),
    "json": (b'{"format": "ocsvm-pack/1"}      ', "is not of format ocsvm-pack/1"),
    "cut": (HEAD[:-8], r"claims a head of \d+ bytes, but has \d+"),
    "a head of exabytes": (altered(HEAD, 8, 1 << 63), r"claims a head of \d+ bytes"),
    "a head of nothing": (altered(HEAD, 8, 3), r"claims a head of 3 bytes"),
    "a description of exabytes": (altered(HEAD, 16, (1 << 64) - 1), r"claims a description of \d+ bytes"),
    "another description": (altered(HEAD, 16, 8), "has a description that is not JSON"),
    "half a number": (
        altered(HEAD + b"1234", 8, len(HEAD) + 4),
        r"are 1, which do not fit a head of \d+ bytes",
    ),
    "a number too many": (altered(HEAD + bytes(8), 8, len(HEAD) + 8), "take 6 numbers, but there are 7"),
    "a million models": (HEAD.replace(b'"models": 1,', b'"models":9e5,'), "models: is not a count"),
    "models beyond the end": (HEAD.replace(b'"models": 1,', b'"models":99,'), "are 99, which do not fit"),
    "no models": (HEAD.replace(b'"models": 1,', b'"models": 0,'), r"are none, but there are \d+ numbers"),
    "another format": (HEAD.replace(b"pack/1", b"pack/2"), "format: is 'ocsvm-pack/2', not 'ocsvm-pack/1'"),
    "a kernel of nobody": (altered(HEAD, TABLE + 32, 4, "<I"), r"models\[0\]\.kernel: is unknown"),
    "features of nobody": (altered(HEAD, TABLE + 40, 1, "<I"), r"models\[0\]\.features: are not described"),
    "too many vectors": (
        altered(HEAD, TABLE + 44, 0xFFFFFFFF, "<I"),
        r"models\[0\]\.vectors: are more than 524,288 values",
    ),
    "others' vectors": (altered(HEAD, TABLE + 44, 3, "<I"), "take 8 numbers, but there are 6"),
}


@pytest.mark.parametrize(("data", "problem"), CLAIMS.values(), ids=CLAIMS)
def test_a_pack_that_claims_what_it_does_not_hold_is_refused(data: bytes, problem: str) -> None:
    """Even with a matching digest; no memory is allocated for the claimed size."""
    with pytest.raises(MessageError, match=problem):
        read(data)


@given(st.data())
def test_a_pack_of_random_changes_is_refused_or_holds_models_as_they_must_be(data: st.DataObject) -> None:
    """However a pack is overwritten, cut or extended, even with a matching digest."""
    whole = bytearray(render_head([(name_of(0), SVM), (name_of(1), replace(SVM, kernel=Linear()))]))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(8, len(whole) - 1))
        piece = data.draw(st.binary(min_size=1, max_size=9))
        whole[place : place + len(piece)] = piece
    cut = bytes(whole[: data.draw(st.integers(0, len(whole)))]) if data.draw(st.booleans()) else bytes(whole)
    try:
        found = read(cut)
    except MessageError:
        return
    for model in found:
        again = parse_model(render_model(model, {}))
        assert facts(again) == facts(model)


def test_a_pack_of_another_digest_is_not_looked_at() -> None:
    """Not even its header is parsed."""
    with pytest.raises(MessageError, match=r"has a head with the digest [0-9a-f]{12}\.\.\., not abc"):
        read_pack(altered(HEAD, 16, (1 << 64) - 1), sha256="abc")


def test_the_form_of_a_pack_is_the_documented_one() -> None:
    """Plain numpy can read it as ``docs/model-format.md`` describes it."""
    start = struct.calcsize("<8sQQ")
    magic, length, text_length = struct.unpack("<8sQQ", HEAD[:start])
    about = json.loads(HEAD[start : start + text_length])
    assert (magic, length, about["models"], about["features"]) == (b"ocsvmpk1", len(HEAD), 1, [["Value"]])
    entry = np.dtype("V32, <u4, <u4, <u4, <u4, <f8, <f8, <f8")
    (found,) = np.frombuffer(HEAD, entry, about["models"], start + text_length)
    assert bytes(found[0]).hex() == name_of(0)
    assert found.tolist()[1:] == (0, 0, 0, 2, 1.0, 0.0, -0.3)
    numbers = np.frombuffer(HEAD, "<f8", offset=start + text_length + entry.itemsize)
    assert numbers.tolist() == [10.0, 2.0, 0.5, 0.5, -1.0, 1.0]
