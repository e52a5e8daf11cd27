"""Numbers as text, few and many at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from scorer.scoring import float_text
from scorer.scoring.float_text import joined_texts, texts_of_numbers

if TYPE_CHECKING:
    from scorer.models.ocsvm import FloatArray

MAGNITUDES = 10.0 ** np.arange(-320, 309)
"""From the smallest float64 to the largest."""
SPECIAL = np.array([0.0, -0.0, 1.0, -3.0, 5e-324, 1e16, 1e22, 0.1 + 0.2, 1.7976931348623157e308])


def numbers(count: int) -> FloatArray:
    """Draw numbers of every magnitude and sign, integers and zeros among them."""
    random = np.random.default_rng(0)
    drawn: FloatArray = random.normal(size=count) * random.choice(MAGNITUDES, count)
    drawn[: len(SPECIAL)] = SPECIAL
    return drawn


@pytest.fixture(autouse=True)
def _beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each test write its first number."""
    monkeypatch.setattr(float_text._Python, "left", float_text._FEW)


@pytest.mark.parametrize("count", [100, 20_000])
def test_texts_are_those_that_python_writes(count: int) -> None:
    """A sensor's rows do not depend on who is scored with it, whatever the number and magnitude."""
    drawn = numbers(count)
    texts = texts_of_numbers(drawn)
    assert texts == list(map(repr, drawn.tolist()))
    assert np.array(list(map(float, texts))).tobytes() == drawn.tobytes()


def test_many_numbers_in_small_pieces_are_written_by_orjson(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fleet with few readings per sensor: the order of sensors does not show."""
    made: list[int] = []
    joined = float_text.joined_texts

    def counted(numbers: FloatArray) -> Any:
        made.append(len(numbers))
        return joined(numbers)

    monkeypatch.setattr(float_text, "joined_texts", counted)
    drawn = numbers(20_000)[:6_000]
    texts = [text for part in drawn.reshape(100, 60) for text in texts_of_numbers(part)]
    assert texts == list(map(repr, drawn.tolist()))
    assert made == [60] * 40


@pytest.mark.parametrize("count", [100, 20_000])
def test_what_is_no_finite_number_has_a_text_too(count: int) -> None:
    """An extreme value can have an infinite score."""
    drawn = numbers(count)
    drawn[[3, 50, 99]] = np.nan, np.inf, -np.inf
    texts = texts_of_numbers(drawn)
    assert [texts[place] for place in (3, 50, 99)] == ["nan", "inf", "-inf"]
    assert np.array_equal(np.array(list(map(float, texts))), drawn, equal_nan=True)


def test_a_column_of_a_table_is_written_in_its_order() -> None:
    """Its numbers are not contiguous in memory."""
    table = np.arange(6.0).reshape(3, 2)
    assert joined_texts(table[:, 1]) == b"1.0,3.0,5.0"


def test_no_numbers_have_no_texts() -> None:
    """Not even an empty one."""
    assert texts_of_numbers(np.empty(0)) == []
