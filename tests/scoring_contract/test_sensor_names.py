"""Sensor ids: the table of cases, and what holds for all names."""

from __future__ import annotations

import pickle
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scoring_contract.errors import LayoutError, SensorNameError
from scoring_contract.hour import RunHour
from scoring_contract.layout import readings_prefix, sensor_of_readings
from scoring_contract.sensor_names import (
    MOST_ID_CHARS,
    MOST_NAME_CHARS,
    checked_name,
    checked_sensor_id,
    display_name,
    display_of,
    is_sensor_id,
    pair_of,
    sensor_id_of,
)
from tests.support.sensor_name_cases import refused_names, sensor_names

HOUR = RunHour.parse("2018-08-29T02")


def is_name(text: str) -> bool:
    """Whether a text is accepted as a device or a tag."""
    try:
        checked_name(text)
    except SensorNameError:
        return False
    return True


_AWKWARD = st.text("aAbBzZ09._-~%/\\: \"',;uhÜü\u0308\U0001f321\u017f\u212a\u0130", min_size=1, max_size=9)
_LONG = st.builds(lambda text, times: (text * times)[:MOST_NAME_CHARS], _AWKWARD, st.integers(10, 90))
NAMES = st.one_of(_AWKWARD, st.text(min_size=1, max_size=4), _LONG).filter(is_name)
PAIRS = st.tuples(NAMES, NAMES)


@pytest.mark.parametrize("case", sensor_names(), ids=lambda case: case.says)
def test_a_pair_has_the_id_and_the_display_name_of_the_table(case) -> None:
    """The table holds both ways, and no twin is equal where case is ignored."""
    made = sensor_id_of(case.device, case.tag)
    assert made == case.id
    assert display_name(case.device, case.tag) == case.display
    assert pair_of(made) == ((case.device, case.tag) if case.reversible else None)
    assert display_of(made) == (case.display if case.reversible else made)
    assert made.lower() != case.twin.lower()


@pytest.mark.parametrize("case", refused_names(), ids=lambda case: case.says)
def test_a_text_that_is_no_name_is_refused(case) -> None:
    """The error says what is wrong and with which of the two names."""
    with pytest.raises(SensorNameError, match=re.escape(f"Tag {case.problem}")) as caught:
        sensor_id_of("1", case.name)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301  our own error


def test_half_a_surrogate_pair_and_a_long_name_are_refused() -> None:
    """Neither can stand in the table: TOML is Unicode, and 257 characters are hard to count."""
    with pytest.raises(SensorNameError, match=r"contains half of a surrogate pair, U\+D83D"):
        checked_name("pump \ud83d")
    with pytest.raises(SensorNameError, match="has 257 characters, more than 256"):
        checked_name("x" * 257)
    assert checked_name("x" * 256)


@pytest.mark.hypothesis
@given(PAIRS, PAIRS)
def test_no_two_pairs_share_an_id_also_where_case_is_ignored(one, other) -> None:
    """File systems of Windows and macOS keep the files of any two sensors apart."""
    assume(one != other)
    assert sensor_id_of(*one).casefold() != sensor_id_of(*other).casefold()


@pytest.mark.hypothesis
@given(st.text("_aA.-~", min_size=2, max_size=8), st.integers(1, 7), st.integers(1, 7))
def test_a_text_divided_at_two_places_is_two_sensors(text, here, there) -> None:
    """What joins to the same text never has the same id."""
    one, other = (text[:here], text[here:]), (text[:there], text[there:])
    assume(one != other and all(one + other))
    assert sensor_id_of(*one).casefold() != sensor_id_of(*other).casefold()


@pytest.mark.hypothesis
@given(PAIRS)
def test_every_id_is_safe_where_sensors_are_named(pair) -> None:
    """It has the form of an id, can be a folder, and leads back to its names, unless it holds a digest."""
    made = sensor_id_of(*pair)
    assert checked_sensor_id(made) == made
    assert len(made) <= MOST_ID_CHARS
    assert sensor_of_readings(f"{readings_prefix(HOUR, made)}a.csv") == made
    if re.search("~h[0-9a-f]{32}$", made):
        assert pair_of(made) is None
    else:
        assert pair_of(made) == pair_of(made.lower()) == pair_of(made.upper()) == pair


@pytest.mark.hypothesis
@given(st.text("aA1_~23efuh8.-", max_size=12))
def test_only_ids_that_were_made_lead_back_to_names(text) -> None:
    """A text that merely looks like an id names nobody, so no blob is taken for another sensor's."""
    pair = pair_of(text)
    assert pair is None or sensor_id_of(*pair).lower() == text.lower()


@pytest.mark.parametrize("text", ["", "_packs", ".a", "-a", "a.", "a..b", "a/b", "a b", "ä_1", "a" * 121])
def test_what_cannot_name_a_blob_is_no_id(text) -> None:
    """Ids come from listings and messages, too, and become parts of paths."""
    assert not is_sensor_id(text)
    with pytest.raises(LayoutError, match="is not a sensor id"):
        checked_sensor_id(text)
