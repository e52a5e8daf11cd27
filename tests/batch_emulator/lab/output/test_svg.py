"""Scales and axes: round numbers, and a place for every value."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azure_batch_lab.output import svg

FIGURES = st.floats(1e-6, 1e9)


@pytest.mark.parametrize(
    ("highest", "top"), [(0, 1), (3, 3), (41, 60), (100, 100), (1001, 1500), (0.07, 0.08)]
)
def test_the_top_of_an_axis_is_round(highest, top) -> None:
    """It is not below the largest value."""
    assert svg.ceiling([0.0, highest]) == pytest.approx(top)


@given(st.lists(FIGURES, min_size=1, max_size=9))
def test_a_scale_has_a_place_for_every_figure(figures: list[float]) -> None:
    """Values lie between its ends, in order, and so do its ticks."""
    linear = svg.Scale(0, svg.ceiling(figures), 10, 90)
    logarithmic = svg.LogScale.around(figures, begin=10, end=90)
    for scale, ticks in ((linear, linear.ticks(4)), (logarithmic, logarithmic.ticks())):
        places = [scale(figure) for figure in sorted([*figures, *ticks])]
        assert all(10 <= place <= 90 for place in places)
        assert all(left <= right for left, right in pairwise(places))
        assert 2 <= len(ticks) <= 60


def test_equal_factors_are_equally_far_apart() -> None:
    """1 to 10 spans as much as 10 to 100, and zero is at the start."""
    scale = svg.LogScale.around([1, 100], begin=0, end=200)
    assert [scale(figure) for figure in (0, 1, 10, 100)] == [0, 0, 100, 200]
    assert scale.ticks() == (1, 2, 5, 10, 20, 50, 100)


def test_words_cannot_break_out_of_a_drawing() -> None:
    """A policy is named after a file, which may have any name."""
    assert "<script>" not in svg.drawing(9, 9, "<script>", [svg.text(1, 1, "</text><script>")])
