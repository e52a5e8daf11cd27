"""Numbers as text, few and many at once."""

from __future__ import annotations

import numpy as np
import pytest

from scorer.number_texts import joined_texts, texts_of_numbers

MAGNITUDES = 10.0 ** np.arange(-320, 309)
"""From the smallest float64 to the largest."""
SPECIAL = np.array([0.0, -0.0, 1.0, -3.0, 5e-324, 1e16, 1e22, 0.1 + 0.2, 1.7976931348623157e308])


def numbers(count: int) -> np.ndarray:
    """Draw numbers of every magnitude and sign, whole ones and zeros among them."""
    random = np.random.default_rng(0)
    drawn = random.normal(size=count) * random.choice(MAGNITUDES, count)
    drawn[: len(SPECIAL)] = SPECIAL
    return drawn


def digits_of(text: str) -> str:
    """Return a number's digits without its magnitude."""
    return text.split("e", maxsplit=1)[0].strip("-").replace(".", "").strip("0")


@pytest.mark.parametrize("count", [100, 20_000])
def test_texts_read_back_as_the_same_numbers(count: int) -> None:
    """To the last bit and the sign of zero; none has more digits than the one Python writes."""
    drawn = numbers(count)
    texts = texts_of_numbers(drawn)
    assert np.array(list(map(float, texts))).tobytes() == drawn.tobytes()
    assert list(map(digits_of, texts)) == [digits_of(repr(number)) for number in drawn.tolist()]


@pytest.mark.parametrize("count", [100, 20_000])
def test_what_is_no_finite_number_has_a_text_too(count: int) -> None:
    """A value beyond all measure can have such a score."""
    drawn = numbers(count)
    drawn[[3, 50, 99]] = np.nan, np.inf, -np.inf
    texts = texts_of_numbers(drawn)
    assert [texts[place] for place in (3, 50, 99)] == ["nan", "inf", "-inf"]
    assert np.array_equal(np.array(list(map(float, texts))), drawn, equal_nan=True)


def test_a_column_of_a_table_is_written_in_its_order() -> None:
    """Its numbers do not lie side by side in memory."""
    table = np.arange(6.0).reshape(3, 2)
    assert joined_texts(table[:, 1]) == b"1.0,3.0,5.0"


def test_no_numbers_have_no_texts() -> None:
    """Not an empty one."""
    assert texts_of_numbers(np.empty(0)) == []
