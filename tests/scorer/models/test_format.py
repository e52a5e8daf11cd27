"""Models are data: exact when valid, refused in one sentence when not, and never executed."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import json
import lzma
import pickle
import zlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorer.errors import ModelFault
from scorer.models.format import FORMAT, MOST_BYTES, MOST_VALUES, load_model, parse_model, render_model
from scorer.models.kernels import Linear, Poly, Rbf, Sigmoid
from scorer.models.ocsvm import OneClassSvm
from scoring_contract.errors import MessageError
from scoring_contract.messages.manifest import ModelRef
from tests.scorer.conftest import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable

    from scorer.models.kernels import Kernel

BODY = MODEL | {"provenance": {"sensor": "1_4"}}
FINITE = st.floats(allow_nan=False, allow_infinity=False)


def rbf(gamma: Any) -> dict[str, Any]:
    """Return the usual kernel."""
    return {"name": "rbf", "gamma": gamma}


def text(**changes: Any) -> bytes:
    """Write a model file with some members changed."""
    return json.dumps({**BODY, **changes}).encode()


def ref(data: bytes, **changes: Any) -> ModelRef:
    """Register a file correctly, except for what is changed."""
    true = ModelRef("v1", "1_4/v1/model.json", hashlib.sha256(data).hexdigest(), FORMAT)
    return replace(true, **changes)


def numbers(model: OneClassSvm) -> tuple[str | bytes, ...]:
    """Return every number of a model, bit by bit."""
    arrays = (model.mean, model.scale, model.support_vectors, model.coefficients)
    return (repr(model.kernel), repr(model.intercept), *(array.tobytes() for array in arrays))


@given(
    mean=FINITE,
    scale=FINITE.filter(bool),
    kernel=st.one_of(
        st.builds(Rbf, st.floats(min_value=0, exclude_min=True, allow_infinity=False)),
        st.just(Linear()),
        st.builds(Poly, FINITE, FINITE, st.integers(0, 64)),
        st.builds(Sigmoid, FINITE, FINITE),
    ),
    intercept=FINITE,
    rows=st.lists(st.tuples(FINITE, st.floats(-1e300, 1e300)), min_size=1, max_size=5),
)
def test_numbers_come_back_bit_by_bit(
    mean: float, scale: float, kernel: Kernel, intercept: float, rows: list[tuple[float, float]]
) -> None:
    """Writing and reading a model changes no bit of any number."""
    vectors, coefficients = (np.array(column) for column in zip(*rows, strict=True))
    model = OneClassSvm(
        np.array([mean]), np.array([scale]), kernel, vectors[:, np.newaxis], coefficients, intercept
    )
    assert numbers(parse_model(render_model(model, {}))) == numbers(model)


def test_the_same_model_gives_the_same_bytes() -> None:
    """Neither the time nor the machine affects the file."""
    model = parse_model(text())
    assert render_model(model, {"rows": 3}) == render_model(model, {"rows": 3})


def test_a_model_without_a_scaler_takes_values_as_they_are() -> None:
    """``null`` for the scaler means no scaling."""
    model = parse_model(text(scaler=None))
    assert (model.mean.tolist(), model.scale.tolist()) == ([0.0], [1.0])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"format": "ocsvm-json/3"}, "format: is 'ocsvm-json/3'", id="later format"),
        pytest.param(
            {"kernel": {"name": "spline"}}, "kernel.name: is 'spline', not one of", id="other kernel"
        ),
        pytest.param({"kernel": "rbf"}, "kernel: is not an object", id="kernel of another form"),
        pytest.param({"features": ["Value", "Rate"]}, "has 1 numbers for 2 features", id="more features"),
        pytest.param({"features": []}, "features: names no feature", id="no features"),
        pytest.param({"features": ["a", "a"]}, "features: names a feature twice", id="features twice"),
        pytest.param({"features": ["a\n"]}, "features[0]: is not a non-empty", id="line end in a feature"),
        pytest.param({"scaler": {"mean": [1.0], "scale": [0]}}, "scaler.scale: is zero", id="scale zero"),
        pytest.param({"scaler": {"mean": [1.0, 2.0], "scale": [1.0]}}, "scaler.mean: has 2", id="two means"),
        pytest.param({"scaler": [1.0]}, "scaler: is not an object", id="scaler of another form"),
        pytest.param({"kernel": rbf(0)}, "gamma: is not above zero", id="gamma zero"),
        pytest.param({"kernel": rbf(-1)}, "gamma: is not above zero", id="gamma below zero"),
        pytest.param({"kernel": rbf(float("nan"))}, "gamma: is not finite", id="gamma nan"),
        pytest.param({"kernel": rbf(float("inf"))}, "gamma: is not finite", id="gamma infinite"),
        pytest.param({"kernel": rbf(True)}, "gamma: is not a number", id="gamma true"),
        pytest.param({"kernel": rbf(None)}, "gamma: is not a number", id="no gamma"),
        pytest.param(
            {"kernel": {**rbf(1), "name": "poly", "coef0": 0, "degree": 65}},
            "kernel.degree: is 65",
            id="degree",
        ),
        pytest.param({"intercept": float("nan")}, "intercept: is not finite", id="nan"),
        pytest.param({"intercept": 10**400}, "intercept: is too large", id="beyond float64"),
        pytest.param({"support_vectors": []}, "coefficients: are 2 for 0", id="no support vectors"),
        pytest.param({"support_vectors": [[1.0], [2.0, 3.0]]}, "support_vectors[1]: has 2", id="ragged"),
        pytest.param({"support_vectors": [[1.0], 2.0]}, "support_vectors[1]: is not a list", id="no row"),
        pytest.param({"support_vectors": [[1.0], [None]]}, "support_vectors[1]: is not a", id="null"),
        pytest.param({"support_vectors": 7}, "support_vectors: is not a list", id="no list"),
        pytest.param({"coefficients": [0.5]}, "coefficients: are 1 for 2", id="one short"),
        pytest.param({"coefficients": [0.5, "x"]}, "coefficients[1]: is not a number", id="a word"),
        pytest.param(
            {"coefficients": [1e308, 1e308]}, "are too large: their sum is infinite", id="sum beyond float64"
        ),
    ],
)
def test_a_wrong_place_is_named(changes: dict[str, Any], words: str) -> None:
    """The error names the blob, the member that is wrong, and the problem."""
    data = text(**changes)
    with pytest.raises(ModelFault) as caught:
        load_model(data, ref(data))
    assert "1_4/v1/model.json is not a model of format ocsvm-json/2" in str(caught.value)
    assert words in str(caught.value)


def test_the_order_must_name_the_format_too() -> None:
    """A file of our format registered under another format is refused."""
    with pytest.raises(ModelFault, match=r"model\.json is not a model of format skops/1"):
        load_model(text(), ref(text(), format="skops/1"))
    with pytest.raises(ModelFault, match="has the format 'ocsvm-json/1', this scorer reads 'ocsvm-json/2'"):
        load_model(text(), ref(text(), format="ocsvm-json/1"))


class Bomb:
    """Its pickle creates a file when loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[str, str]]:
        return open, (str(self.path), "w")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_is_refused_in_its_own_words_and_not_run(protocol: int, tmp_path: Path) -> None:
    """A pickle with a matching digest is not loaded, whatever its name."""
    data = pickle.dumps(Bomb(tmp_path / "ran"), protocol=protocol)
    with pytest.raises(ModelFault, match=r"model\.json is a pickle, which could run any code"):
        load_model(data, ref(data))
    assert not (tmp_path / "ran").exists()


@given(st.binary(max_size=200))
def test_any_bytes_are_a_model_or_a_model_fault(data: bytes) -> None:
    """No file makes the reader raise anything else."""
    try:
        load_model(data, ref(data))
    except ModelFault:
        return
    raise AssertionError("random bytes are no model")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(sorted(BODY)), JSON)
def test_any_member_may_be_wrong(member: str, value: Any) -> None:
    """Whatever value a member has, the result is a model that predicts, or our own error."""
    try:
        model = parse_model(text(**{member: value}))
    except MessageError:
        return
    values = np.array([[9.5], [1e300], [-3.0]]) * np.ones(len(model.features))
    assert model.predict(values).anomalies.shape == (3,)


@pytest.mark.parametrize("data", [b"[" * 200_000, b"1" * 5_000, b"{}", b"null", b'"x"', b"\xff\xfe{"])
def test_odd_json_is_a_model_fault(data: bytes) -> None:
    """JSON that nests too deep, is too long, or is not an object."""
    with pytest.raises(ModelFault):
        load_model(data, ref(data))


@pytest.mark.parametrize(
    "pack", [gzip.compress, bz2.compress, lzma.compress, zlib.compress], ids=lambda pack: pack.__module__
)
def test_a_packed_pickle_is_refused_like_a_pickle(pack: Callable[[bytes], bytes]) -> None:
    """Joblib compresses pickles like this; nothing is decompressed to find out."""
    data = pack(pickle.dumps([1.0]))
    with pytest.raises(ModelFault, match="is a pickle"):
        load_model(data, ref(data))


def test_a_file_larger_than_any_model_is_not_read() -> None:
    """A writer to the container must not be able to fill a node's memory."""
    data = b"[" + b"0," * (MOST_BYTES // 2) + b"0]"
    with pytest.raises(ModelFault, match="has 33554435 bytes"):
        load_model(data, ref(data))


def test_the_documented_file_is_a_model() -> None:
    """The example in the documentation of the format can be read and written as it is."""
    page = (Path(__file__).parents[3] / "docs" / "model-format.md").read_text()
    example = page.split("```json\n")[1].split("```")[0]
    model = parse_model(example.encode())
    assert json.loads(render_model(model, json.loads(example)["provenance"])) == json.loads(example)


def test_a_file_of_countless_values_is_refused_before_it_is_read() -> None:
    """Parsing can turn four bytes into objects of a hundred: 32 MiB took 864."""
    data = b'{"support_vectors": [' + b"[]," * MOST_VALUES + b"[]]}"
    with pytest.raises(MessageError, match="model: holds more than 524,288 values"):
        parse_model(data)
