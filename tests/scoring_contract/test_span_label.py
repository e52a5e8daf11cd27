"""Ids and names of labels that people give to spans of readings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring_contract import layout
from scoring_contract.hour import RunHour
from scoring_contract.messages.span_label import LabelId, concerns

FIRST = RunHour.parse("2018-08-29T02")
START = int(FIRST.start.timestamp()) * 1000
HOUR = 3_600_000
MOMENTS = st.integers(0, 253_402_300_799_999)
TOKEN = "0123456789ab"


@given(first=MOMENTS, last=MOMENTS)
def test_an_id_reads_back_as_its_span(first: int, last: int) -> None:
    """To the millisecond, for every moment of four-digit years."""
    label = LabelId(min(first, last), max(first, last), TOKEN)
    assert LabelId.parse(str(label)) == label
    blob = layout.span_label_blob("1_4", str(label))
    assert layout.span_label_named(blob) == ("1_4", str(label))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param(f"20180829T021005000-20180829T021004999-{TOKEN}", id="ends-before-it-begins"),
        pytest.param(f"20180230T021005000-20180829T021005000-{TOKEN}", id="no-such-day"),
        pytest.param(f"20180829T021005000-20180829T021005000-{TOKEN}x", id="longer"),
        pytest.param(f"../180829T021005000-20180829T021005000-{TOKEN}", id="a-path"),
    ],
)
def test_what_is_no_id_is_none(text: str) -> None:
    """It may come from an address."""
    assert LabelId.parse(text) is None


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        pytest.param(START, START, True, id="first-millisecond"),
        pytest.param(START + HOUR - 1, START + HOUR - 1, True, id="last-millisecond"),
        pytest.param(START - 1, START - 1, False, id="before"),
        pytest.param(START + HOUR, START + HOUR, False, id="after"),
        pytest.param(START - HOUR, START + 5 * HOUR, True, id="around"),
    ],
)
def test_a_label_concerns_the_hours_that_its_span_overlaps(first: int, last: int, expected) -> None:
    """Both ends of a span belong to it."""
    blob = layout.span_label_blob("1_4", str(LabelId(first, last, TOKEN)))
    assert concerns(blob, FIRST, FIRST.next) is expected


@pytest.mark.parametrize(
    "blob",
    [
        "labels/2018/08/29/02.csv",
        "labels/_spans/1_4/x.json",
        "labels/_spans/.x/y.json",
        "labels/_spans/1_4/y",
    ],
)
def test_other_files_concern_no_hour(blob: str) -> None:
    """Anybody may have put them there."""
    assert not concerns(blob, FIRST, FIRST.next)
