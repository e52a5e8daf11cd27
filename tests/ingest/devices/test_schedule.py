"""The order of sending: by arrival, with every reading accounted for."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from datetime import timedelta
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.devices.account import Account
from ingest.devices.dispatch import Kind
from ingest.devices.disturbances import Disturbances, Silence
from ingest.devices.fleet_source import FleetSource
from ingest.devices.schedule import Chunks, in_order_of_arrival
from ingest.simulator import Fleet
from scoring_contract.hour import RunHour
from tests.ingest.devices.readings import START, measured, second

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.devices.dispatch import Dispatch, Measured

HOUR = RunHour.parse("2026-01-01T00")


def order_of(items: list[Measured], disturbances: Disturbances) -> list[Dispatch]:
    """Return the dispatches in the order of sending."""
    return list(in_order_of_arrival(items, partial(disturbances.dispatches, since=START)))


@given(
    gaps=st.lists(st.floats(0, 60), max_size=40),
    devices=st.lists(st.sampled_from("123"), min_size=40, max_size=40),
    shares=st.tuples(*[st.sampled_from((0.0, 0.3, 1.0))] * 3),
    late=st.integers(0, 300),
)
def test_every_reading_is_sent_once_or_twice_or_withheld(
    gaps: list[float], devices: list[str], shares: tuple[float, float, float], late: int
) -> None:
    """A plain oracle: sorted at once, the dispatches of all readings are what comes out one by one."""
    disturbances = Disturbances(
        late={"2": timedelta(seconds=late)},
        late_share=shares[0],
        twice_share=shares[1],
        disorder_share=shares[2],
        silent={"3": (Silence(second(30), second(200)),)},
    )
    items = [measured(n, sum(gaps[:n]), devices[n]) for n in range(len(gaps))]
    sent = order_of(items, disturbances)
    expected = [one for item in items for one in disturbances.dispatches(item, START)]
    assert sent == sorted(expected, key=lambda one: one.position)
    copies = Counter(one.number for one in sent)
    assert set(copies) == {item.number for item in items}
    for item in items:
        is_silent = item.reading.device == "3" and second(30) <= item.reading.moment < second(200)
        withheld = [one.is_withheld for one in sent if one.number == item.number]
        assert withheld == [True] if is_silent else withheld in ([False], [False, False])
    assert len({one.id for one in sent}) == len(sent)
    assert all(one.position < other.position for one, other in pairwise(sent))


def test_late_readings_are_merged_where_they_arrive() -> None:
    """A device that is 25 seconds late stands among readings that the other measures later."""
    items = [measured(n, 10 * (n // 2), "12"[n % 2]) for n in range(8)]
    sent = order_of(items, Disturbances(late={"2": timedelta(seconds=25)}))
    assert [(one.reading.device, one.arrival) for one in sent] == [
        ("1", second(0)),
        ("1", second(10)),
        ("1", second(20)),
        ("2", second(25)),
        ("1", second(30)),
        ("2", second(35)),
        ("2", second(45)),
        ("2", second(55)),
    ]


def test_an_overtaken_reading_comes_after_the_next_of_its_sensor() -> None:
    """All that are held back are out of order: the hub gets a later reading first."""
    fleet = FleetSource(Fleet(devices=1, tags=1), HOUR.start, 1)
    sent = order_of(list(fleet.readings(HOUR.start)), Disturbances(disorder_share=0.05))
    latest, disordered = START, 0
    for one in sent[:-3]:
        assert (one.reading.moment < latest) == (Kind.DISORDERED in one.kinds)
        disordered += Kind.DISORDERED in one.kinds
        latest = max(latest, one.reading.moment)
    assert disordered > 5


def test_a_source_without_an_end_is_streamed() -> None:
    """After an hour of readings as after ten, only what is delayed waits in memory."""

    def endless() -> Iterator[Measured]:
        number = 0
        while True:
            yield measured(number, number / 10)
            number += 1

    disturbances = Disturbances(late_share=0.1, late_up_to=timedelta(seconds=10), twice_share=0.1)
    chunks = Chunks(in_order_of_arrival(endless(), partial(disturbances.dispatches, since=START)), most=100)
    tracemalloc.start()
    try:
        for _ in range(20):
            chunks.take(START + timedelta(days=1))
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(100):
            chunks.take(START + timedelta(days=1))
        assert tracemalloc.get_traced_memory()[0] - before < 200_000
    finally:
        tracemalloc.stop()


def test_chunks_are_bounded_in_number_and_time() -> None:
    """A chunk holds what is due, no more than it may, and spans less than its time of arrival."""
    items = [measured(n, 10 * n) for n in range(10)]
    chunks = Chunks(iter(order_of(items, Disturbances())), span=timedelta(seconds=30), most=4)
    assert [one.number for one in chunks.take(second(15))] == [0, 1]
    assert chunks.take(second(19)) == []
    assert [one.number for one in chunks.take(second(1000))] == [2, 3, 4]
    free = Chunks(iter(order_of(items, Disturbances())), most=4)
    assert [len(free.take(second(1000))) for _ in range(4)] == [4, 4, 2, 0]
    assert free.peek() is None


def test_an_error_of_the_source_comes_after_what_was_read() -> None:
    """Nothing that was read before it is lost."""

    def broken() -> Iterator[Measured]:
        yield measured(0, 0)
        raise ValueError("the file is damaged")

    chunks = Chunks(in_order_of_arrival(broken(), partial(Disturbances().dispatches, since=START)))
    assert [one.number for one in chunks.take(second(0))] == [0]
    with pytest.raises(ValueError, match="damaged"):
        chunks.peek()


@pytest.mark.parametrize("sent", [0, 1, 500, 1439, 1440, 2500])
def test_a_restart_goes_on_after_the_last_position(sent: int) -> None:
    """Reading begins a few hours before, not at the beginning, and the rest is the same."""
    disturbances = Disturbances(
        late={"2": timedelta(minutes=50)}, late_share=0.1, twice_share=0.2, disorder_share=0.1
    )
    source = FleetSource(Fleet(devices=2, tags=2), HOUR.start, 3)
    dispatches_of = partial(disturbances.dispatches, since=HOUR.start)
    whole = list(in_order_of_arrival(source.readings(HOUR.start), dispatches_of))
    after = whole[sent - 1].position if sent else None
    since = after.arrival - disturbances.longest_delay if after else HOUR.start
    chunks = Chunks(in_order_of_arrival(source.readings(since), dispatches_of), after=after)
    rest = [one for _ in range(2) for one in chunks.take(HOUR.start + timedelta(days=1))]
    assert rest == whole[sent:]


def test_a_fleet_that_goes_on_has_no_reading_before_now() -> None:
    """It begins in the middle of an hour, each hour has anomalies, and numbers count the whole hour."""
    begin = HOUR.start + timedelta(minutes=50)
    readings = FleetSource(Fleet(devices=1, tags=1), begin, None).readings(begin)
    first = [next(readings) for _ in range(40 + 240)]
    assert [one.number for one in first] == list(range(200, 480))
    assert first[0].reading.moment >= begin
    assert any(one.anomaly for one in first[40:])


def test_the_account_adds_up() -> None:
    """Every dispatch is an event that was acknowledged, or withheld; copies are counted as such."""
    disturbances = Disturbances(
        late_share=0.1,
        twice_share=0.1,
        disorder_share=0.1,
        silent={"1": (Silence(second(0), second(600)),)},
        drift={"2": 1},
    )
    source = FleetSource(Fleet(devices=2, tags=2), HOUR.start, 1)
    sent = order_of(list(source.readings(HOUR.start)), disturbances)
    account = Account()
    for begin in range(0, len(sent), 77):
        account.add(sent[begin : begin + 77])
    assert account.readings == source.total == 960
    assert account.acknowledged + account.withheld == len(sent)
    assert (account.withheld, account.drifted) == (80, 480)
    assert account.twice == sum(one.copy for one in sent)
    assert account.late == len({one.number for one in sent if Kind.LATE in one.kinds})
    assert account.disordered == len({one.number for one in sent if Kind.DISORDERED in one.kinds})
    assert 0 < account.anomalies <= 48
    moments = [one.reading.moment for one in sent if not one.is_withheld]
    assert account.first is not None and account.first.startswith(min(moments).isoformat()[:19])  # noqa: PT018
    assert account.last is not None and account.last.startswith(max(moments).isoformat()[:19])  # noqa: PT018
