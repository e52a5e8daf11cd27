"""Hours as people write them."""

from __future__ import annotations

import pickle
import re

import pytest

from scoring_contract.errors import HourError
from scoring_contract.hour import RunHour
from scoring_contract.hour_text import HOUR_PATTERN

RIGHT = [
    ("2018-08-29T02", "2018-08-29T02"),
    ("2018-08-29 02", "2018-08-29T02"),
    ("2018-08-29 2", "2018-08-29T02"),
    ("2018-8-9 02", "2018-08-09T02"),
    ("2018-08-29T02:00", "2018-08-29T02"),
    ("2018-08-29 02:00", "2018-08-29T02"),
    ("2018-08-29T0200", "2018-08-29T02"),
    ("2018-08-29 02:00:00", "2018-08-29T02"),
    ("2018-08-29T02:00:00.000", "2018-08-29T02"),
    ("2018-08-29T02:00:00Z", "2018-08-29T02"),
    ("2018-08-29t02z", "2018-08-29T02"),
    ("2018-08-29 02:00 UTC", "2018-08-29T02"),
    ("2018-08-29T02:00:00+00:00", "2018-08-29T02"),
    ("2018-08-29T02:00+02:00", "2018-08-29T00"),
    ("2018-08-29T22:00:00-05", "2018-08-30T03"),
    ("20180829T02", "2018-08-29T02"),
    ("20180829T020000Z", "2018-08-29T02"),
    ("2018/08/29/02", "2018-08-29T02"),
    ("2018/08/29 02:00", "2018-08-29T02"),
    (" 2018-08-29T02\n", "2018-08-29T02"),
    ("2020-02-29T23", "2020-02-29T23"),
]
WRONG = [
    ("2018-08-29", "names a day, not an hour", "2018-08-29T00"),
    ("2018-08-29T25", "has an hour outside 00 to 23", "2018-08-29T23"),
    ("2018-08-29T24:00", "has an hour outside 00 to 23", "2018-08-30T00"),
    ("2018-08-29 02:17", "is inside an hour, not at its start", "2018-08-29T02"),
    ("2018-08-29T02:00:01", "is inside an hour, not at its start", "2018-08-29T02"),
    ("2018-08-29T02:61", "has a minute outside 00 to 59", "2018-08-29T02"),
    ("2018-08-29T02:00+05:30", "is inside an hour, not at its start", "2018-08-28T20"),
    ("2018-08-29T02:00+25:00", "has an offset of a day or more", "2018-08-29T02"),
    ("2018-02-30T02", "has a day 30 in a month of 28 days", "2018-02-28T02"),
    ("2018-08-00T02", "has a day 00 in a month of 31 days", "2018-08-01T02"),
    ("2018-29-08T02", "has no month 29", "2018-08-29T02"),
    ("2018-13-31T02", "has no month 13", "2018-12-31T02"),
    ("0018-08-29T02", "is not in the years 1000 to 9998", ""),
    ("9999-12-31T24", "is not in the years 1000 to 9998", ""),
    ("29.08.2018 02:00", "is not an hour of the form 2018-08-29T02 (UTC)", ""),
    ("2018-08-29 02-03", "is not an hour of the form 2018-08-29T02 (UTC)", ""),
    ("2018-08/29T02", "is not an hour of the form 2018-08-29T02 (UTC)", ""),
    ("1535508000", "is not an hour of the form 2018-08-29T02 (UTC)", ""),
    ("٢٠١٨-08-29T02", "is not an hour of the form 2018-08-29T02 (UTC)", ""),
    ("yesterday", "is not an hour of the form 2018-08-29T02 (UTC)", ""),
    ("", "is not an hour of the form 2018-08-29T02 (UTC)", ""),
]


@pytest.mark.parametrize(("text", "hour"), RIGHT)
def test_a_text_that_says_one_hour_is_read(text: str, hour: str) -> None:
    """Copied from anywhere; forms that ask for an hour accept it too."""
    assert str(RunHour.read(text)) == hour
    assert re.search(HOUR_PATTERN, text)


@pytest.mark.parametrize(("text", "problem", "nearest"), WRONG)
def test_a_wrong_one_says_what_is_wrong_and_gives_the_nearest(text: str, problem: str, nearest: str) -> None:
    """One line, which commands prefix with what was typed, suggests a valid hour."""
    with pytest.raises(HourError) as raised:
        RunHour.read(text)
    assert (raised.value.problem, raised.value.nearest) == (problem, nearest)
    assert str(pickle.loads(pickle.dumps(raised.value))) == str(raised.value)  # noqa: S301 - our own
    if nearest:
        assert raised.value.said_of("HOUR=") == f"HOUR={text} {problem}; try HOUR={nearest}"
        assert str(RunHour.read(nearest)) == nearest


def test_programs_name_hours_to_each_other_in_one_form() -> None:
    """A message with any other form was not written by us."""
    assert str(RunHour.parse("2018-08-29T02")) == "2018-08-29T02"
    for text in ("2018-08-29 02", "2018-08-29T02:00", "2018-02-30T02"):
        with pytest.raises(HourError):
            RunHour.parse(text)
