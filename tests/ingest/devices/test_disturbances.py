"""What happens to a reading on its way: which dispatches come out, and when they arrive."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.devices.dispatch import Dispatch, Kind
from ingest.devices.disturbances import COPY_UP_TO, Disturbances, Silence
from tests.ingest.devices.readings import START, measured, second

if TYPE_CHECKING:
    from ingest.devices.dispatch import Measured


def dispatched(disturbances: Disturbances, item: Measured) -> list[Dispatch]:
    """Return the dispatches of a reading; drifts begin at the start."""
    return list(disturbances.dispatches(item, START))


def test_an_undisturbed_reading_arrives_at_its_moment() -> None:
    """It is sent once, as it is."""
    item = measured(3, 7)
    assert dispatched(Disturbances(), item) == [Dispatch(second(7), 3, item.reading)]


def test_a_late_device_is_late_with_every_reading() -> None:
    """Others are not."""
    disturbances = Disturbances(late={"2": timedelta(minutes=4)})
    assert [one.arrival for one in dispatched(disturbances, measured(0, 1, "2"))] == [second(241)]
    assert [one.arrival for one in dispatched(disturbances, measured(0, 1, "1"))] == [second(1)]


@pytest.mark.parametrize(("at", "is_silent"), [(9, False), (10, True), (19.999, True), (20, False)])
def test_a_silent_device_comes_back(at: float, is_silent: bool) -> None:  # noqa: FBT001
    """From the first moment to before the second one, nothing is sent; the reading is still accounted for."""
    disturbances = Disturbances(silent={"1": (Silence(second(10), second(20)),)})
    (one,) = dispatched(disturbances, measured(0, at))
    assert one.is_withheld == is_silent
    assert not dispatched(disturbances, measured(0, at, "2"))[0].is_withheld


def test_a_device_drifts_by_a_share_of_its_values() -> None:
    """Five percent a day are 2.5 after twelve hours; a value keeps enough digits to show a small change."""
    disturbances = Disturbances(drift={"1": 5})
    (one,) = dispatched(disturbances, measured(0, 12 * 3600, value="80.0000"))
    assert (one.reading.value, one.kinds) == ("82.0000", frozenset({Kind.DRIFTED}))
    (one,) = dispatched(disturbances, measured(0, 3600, value="12"))
    assert one.reading.value == "12.025"


def test_a_copy_arrives_after_its_reading() -> None:
    """It has the same content and another id."""
    for number in range(100):
        first, copy = dispatched(Disturbances(twice_share=1), measured(number, number))
        assert timedelta(0) <= copy.arrival - first.arrival <= COPY_UP_TO
        assert (first.reading, first.copy, copy.reading, copy.copy) == (copy.reading, 0, first.reading, 1)
        assert first.id != copy.id


def test_a_late_reading_has_a_bound() -> None:
    """It arrives later than its moment, and no later than the bound."""
    disturbances = Disturbances(late_share=1, late_up_to=timedelta(seconds=90))
    delays = {dispatched(disturbances, measured(n, n))[0].arrival - second(n) for n in range(300)}
    assert timedelta(0) < min(delays) < timedelta(seconds=10)
    assert timedelta(seconds=80) < max(delays) <= timedelta(seconds=90)


def test_a_simulated_reading_is_surely_overtaken() -> None:
    """By default it waits longer than the 20 seconds between two readings of a sensor."""
    delays = [
        dispatched(Disturbances(disorder_share=1), measured(n, n))[0].arrival - second(n) for n in range(300)
    ]
    assert timedelta(seconds=20) < min(delays) < max(delays) <= timedelta(seconds=40)


@pytest.mark.parametrize("kind", ["late", "twice", "disorder"])
def test_a_share_is_about_kept(kind: str) -> None:
    """Of ten thousand readings, a tenth is disturbed."""
    disturbances = Disturbances(**{f"{kind}_share": 0.1})  # type: ignore[arg-type]  # one of three floats
    disturbed = sum(
        len(found) > 1 or bool(found[0].kinds)
        for found in (dispatched(disturbances, measured(n, n)) for n in range(10_000))
    )
    assert 900 < disturbed < 1100


def test_a_device_is_disturbed_the_same_in_any_fleet() -> None:
    """What is drawn depends on seed, sensor and moment, and not on the number of the reading."""
    disturbances = Disturbances(late_share=0.5, twice_share=0.5, disorder_share=0.5)
    here, there = (
        [
            [(one.arrival, one.kinds) for one in dispatched(disturbances, measured(start + n, n))]
            for n in range(200)
        ]
        for start in (0, 5000)
    )
    assert here == there
    other = Disturbances(8, late_share=0.5, twice_share=0.5, disorder_share=0.5)
    assert here != [[(o.arrival, o.kinds) for o in dispatched(other, measured(n, n))] for n in range(200)]


@given(
    shares=st.tuples(*[st.floats(0, 1)] * 3),
    bounds=st.tuples(*[st.timedeltas(timedelta(0), timedelta(hours=1))] * 3),
    at=st.floats(0, 1e6),
)
def test_no_delay_is_longer_than_the_longest(
    shares: tuple[float, float, float], bounds: tuple[timedelta, timedelta, timedelta], at: float
) -> None:
    """A restart reads back so far."""
    disturbances = Disturbances(
        late={"1": bounds[0]},
        late_share=shares[0],
        late_up_to=bounds[1],
        twice_share=shares[1],
        disorder_share=shares[2],
        disorder_up_to=bounds[2],
    )
    item = measured(0, at)
    for one in dispatched(disturbances, item):
        assert timedelta(0) <= one.arrival - item.ready <= disturbances.longest_delay


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        pytest.param({"late_share": 1.5}, "a share of 1.5", id="share"),
        pytest.param({"late": {"1": timedelta(seconds=-1)}}, "a delay of -1 seconds", id="delay"),
    ],
)
def test_impossible_disturbances_are_refused(options, sentence: str) -> None:
    """In a sentence."""
    with pytest.raises(ValueError, match=sentence):
        Disturbances(**options)
    with pytest.raises(ValueError, match="no length"):
        Silence(second(1), second(1))
