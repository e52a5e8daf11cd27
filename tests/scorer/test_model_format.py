"""Models are data: exact when true, refused in one sentence when not, and never executed."""

from __future__ import annotations

import hashlib
import json
import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorer.errors import ModelFault
from scorer.model_format import FORMAT, load_model, parse_model, render_model
from scorer.ocsvm import OneClassSvm
from scoring_contract.errors import MessageError
from scoring_contract.manifest import ModelRef

if TYPE_CHECKING:
    from pathlib import Path

BODY = {
    "format": FORMAT,
    "features": ["Value"],
    "scaler": {"mean": [10.0], "scale": [2.0]},
    "kernel": "rbf",
    "gamma": 1.0,
    "support_vectors": [[-1.0], [1.0]],
    "coefficients": [0.5, 0.5],
    "intercept": -0.3,
    "provenance": {"sensor": "1_4"},
}
FINITE = st.floats(allow_nan=False, allow_infinity=False)


def text(**changes: Any) -> bytes:
    """Write a model file, but for what is changed."""
    return json.dumps({**BODY, **changes}).encode()


def ref(data: bytes, **changes: str) -> ModelRef:
    """Register a file, truly but for what is changed."""
    facts = {"version": "v1", "blob": "1_4/v1/model.json", "format": FORMAT}
    return ModelRef(**{**facts, "sha256": hashlib.sha256(data).hexdigest(), **changes})


def numbers(model: OneClassSvm) -> tuple[str | bytes, ...]:
    """Return every bit of a model."""
    arrays = (model.support_vectors.tobytes(), model.coefficients.tobytes())
    return (repr(model.mean), repr(model.scale), repr(model.gamma), repr(model.intercept), *arrays)


@given(
    mean=FINITE,
    scale=FINITE.filter(bool),
    gamma=st.floats(min_value=0, exclude_min=True, allow_infinity=False),
    intercept=FINITE,
    rows=st.lists(st.tuples(FINITE, st.floats(-1e300, 1e300)), min_size=1, max_size=5),
)
def test_numbers_come_back_bit_by_bit(
    mean: float, scale: float, gamma: float, intercept: float, rows: list[tuple[float, float]]
) -> None:
    """Writing and reading a model changes no bit of any number."""
    vectors, coefficients = (np.array(column) for column in zip(*rows, strict=True))
    model = OneClassSvm(mean, scale, gamma, vectors, coefficients, intercept)
    assert numbers(parse_model(render_model(model, {}))) == numbers(model)


def test_the_same_model_gives_the_same_bytes() -> None:
    """Nothing of the moment or the machine gets into a file."""
    model = parse_model(text())
    assert render_model(model, {"rows": 3}) == render_model(model, {"rows": 3})


def test_a_model_without_a_scaler_takes_values_as_they_are() -> None:
    """``null`` for the scaler means no scaling."""
    model = parse_model(text(scaler=None))
    assert (model.mean, model.scale) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"format": "ocsvm-json/2"}, "format: is 'ocsvm-json/2'", id="later format"),
        pytest.param({"kernel": "poly"}, "kernel: is 'poly', not 'rbf'", id="other kernel"),
        pytest.param({"features": ["Value", "Rate"]}, "features: is", id="more features"),
        pytest.param({"scaler": {"mean": [1.0], "scale": [0]}}, "scaler.scale: is zero", id="scale zero"),
        pytest.param({"scaler": {"mean": [1.0, 2.0], "scale": [1.0]}}, "scaler.mean: has 2", id="two means"),
        pytest.param({"scaler": [1.0]}, "scaler: is not an object", id="scaler of another form"),
        pytest.param({"gamma": 0}, "gamma: is not above zero", id="gamma zero"),
        pytest.param({"gamma": True}, "gamma: is not a number", id="gamma true"),
        pytest.param({"gamma": None}, "gamma: is not a number", id="no gamma"),
        pytest.param({"intercept": float("nan")}, "intercept: is not finite", id="nan"),
        pytest.param({"intercept": 10**400}, "intercept: is too large", id="beyond float64"),
        pytest.param({"support_vectors": []}, "coefficients: are 2 for 0", id="no support vectors"),
        pytest.param({"support_vectors": [[1.0], [2.0, 3.0]]}, "support_vectors[1]: has 2", id="ragged"),
        pytest.param({"support_vectors": 7}, "support_vectors: is not a list", id="no list"),
        pytest.param({"coefficients": [0.5]}, "coefficients: are 1 for 2", id="one short"),
        pytest.param({"coefficients": [0.5, "x"]}, "coefficients[1]: is not a number", id="a word"),
        pytest.param({"coefficients": [1e308, 1e308]}, "are too large to be added", id="sum beyond float64"),
    ],
)
def test_a_wrong_place_is_named(changes: dict[str, Any], words: str) -> None:
    """The error says which blob is wrong, where, and how."""
    data = text(**changes)
    with pytest.raises(ModelFault) as caught:
        load_model(data, ref(data))
    assert "1_4/v1/model.json is not a model of format ocsvm-json/1" in str(caught.value)
    assert words in str(caught.value)


def test_the_order_must_name_the_format_too() -> None:
    """A file of our format under another name is not what the registry promised."""
    with pytest.raises(ModelFault, match="not 'skops/1'"):
        load_model(text(), ref(text(), format="skops/1"))
    with pytest.raises(ModelFault, match="not 'ocsvm-json/1'"):
        load_model(text(format="skops/1"), ref(text(format="skops/1"), format="skops/1"))


def test_another_digest_is_refused_before_anything_is_read() -> None:
    """Both digests are shown, shortened."""
    with pytest.raises(
        ModelFault, match=r"has the digest [0-9a-f]{12}\.\.\., the order names 000000000000\.\.\."
    ):
        load_model(b"\x80 not even looked at", ref(b"", sha256="0" * 64))


class Bomb:
    """A pickle of this creates a file when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[str, str]]:
        return open, (str(self.path), "w")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_is_refused_in_its_own_words_and_not_run(protocol: int, tmp_path: Path) -> None:
    """Under whatever name, with the right digest: a pickle is not loaded."""
    data = pickle.dumps(Bomb(tmp_path / "ran"), protocol=protocol)
    with pytest.raises(ModelFault, match=r"model\.json is a pickle, which could run any code"):
        load_model(data, ref(data))
    assert not (tmp_path / "ran").exists()


@given(st.binary(max_size=200))
def test_any_bytes_are_a_model_or_a_model_fault(data: bytes) -> None:
    """No file makes the reader fail in another way."""
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
    """Whatever stands in a member's place, the outcome is a model that decides, or our own error."""
    try:
        model = parse_model(text(**{member: value}))
    except MessageError:
        return
    assert np.isfinite(model.judge(np.array([9.5, 1e300, -3.0])).scores).all()


@pytest.mark.parametrize("data", [b"[" * 200_000, b"1" * 5_000, b"{}", b"null", b'"x"', b"\xff\xfe{"])
def test_odd_json_is_a_model_fault(data: bytes) -> None:
    """Too deep, too long, or not an object."""
    with pytest.raises(ModelFault):
        load_model(data, ref(data))
