"""Hours that cannot be scored with the readings there are, and what to type instead."""

from __future__ import annotations

import pytest

from local_stack.hour_choice import check_hour
from local_stack.options import WrongOption
from scoring_contract.hour import RunHour

_REACH = "they range from 2018-08-29T01 to 2018-08-29T05; try HOUR=2018-08-29T05"
_START = "the readings start in 2018-08-29T01: there are none before"


def hours(*numbers: int) -> list[RunHour]:
    """Name hours of a day."""
    return [RunHour.parse(f"2018-08-29T{number:02}") for number in numbers]


@pytest.mark.parametrize(
    ("asked", "there", "sentence"),
    [
        pytest.param(4, hours(1, 2, 5), f"no readings in 2018-08-29T04; {_REACH}", id="a-gap"),
        pytest.param(7, hours(1, 2, 5), f"no readings in 2018-08-29T07; {_REACH}", id="after-the-end"),
        pytest.param(
            1, hours(1, 2, 5), f"{_START} 2018-08-29T01 to train on; try HOUR=2018-08-29T02", id="the-first"
        ),
        pytest.param(
            0, hours(1, 2, 5), f"{_START} 2018-08-29T00 to train on; try HOUR=2018-08-29T02", id="before-it"
        ),
        pytest.param(
            1,
            hours(1),
            "all readings are of 2018-08-29T01: training needs readings of earlier hours",
            id="one-hour-alone",
        ),
    ],
)
def test_an_hour_that_cannot_be_scored_has_a_neighbour(
    asked: int, there: list[RunHour], sentence: str
) -> None:
    """The sentence says which hours there are, and names the nearest that can be scored."""
    (hour,) = hours(asked)
    with pytest.raises(WrongOption) as refused:
        check_hour(hour, there)
    assert str(refused.value) == sentence


@pytest.mark.parametrize("asked", [2, 5])
def test_an_hour_with_readings_before_it_can_be_scored(asked: int) -> None:
    """A gap before it is none of its business."""
    (hour,) = hours(asked)
    check_hour(hour, hours(1, 2, 5))
