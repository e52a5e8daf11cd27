"""Events that the SDK delivers behind later ones get their place; none is taken for one that came before."""

from __future__ import annotations

import random

from ingest.stream_analytics.events.event_source import Event
from ingest.stream_analytics.events.in_order import MOST_HELD, InOrder


def events(*numbers: int) -> list[Event]:
    """Return events of a partition."""
    return [Event("0", number, str(number), 0, b"") for number in numbers]


def numbers(taken: list[Event]) -> list[int]:
    """Return their numbers."""
    return [event.sequence for event in taken]


def test_what_comes_in_order_goes_on_at_once() -> None:
    """Batch by batch."""
    order = InOrder("0", 5)
    assert numbers(order.take(events(5, 6))) == [5, 6]
    assert numbers(order.take(events(7))) == [7]
    assert order.rest() == []


def test_an_event_that_comes_behind_later_ones_is_put_before_them() -> None:
    """As the SDK was seen to deliver them: 11612, 11614 to 11623, then 11613."""
    order = InOrder("0", 0)
    assert numbers(order.take(events(0, 2, 3))) == [0]
    assert numbers(order.take(events(4, 1, 5))) == [1, 2, 3, 4, 5]


def test_what_is_delivered_again_goes_on_to_be_counted() -> None:
    """After a lost connection, the SDK begins again with what it had not handed over."""
    order = InOrder("0", 0)
    order.take(events(0, 1, 2))
    assert numbers(order.take(events(1, 2, 3))) == [1, 2, 3]


def test_what_the_hub_no_longer_has_is_waited_for_until_it_is_silent() -> None:
    """Then what came later is taken; each gap once."""
    order = InOrder("0", 0)
    assert order.take(events(3, 4, 9)) == []
    assert numbers(order.rest()) == [3, 4, 9]
    assert numbers(order.take(events(10))) == [10]


def test_a_hub_that_is_never_silent_is_not_waited_for_for_ever() -> None:
    """More than the SDK can have under way is not held."""
    order = InOrder("0", 0)
    assert order.take(events(*range(1, MOST_HELD + 1))) == []
    assert numbers(order.take(events(MOST_HELD + 1))) == list(range(1, MOST_HELD + 2))


def test_any_disorder_within_the_limit_comes_out_in_order() -> None:
    """Each event once, in batches of any size."""
    chance = random.Random(7)
    for _ in range(50):
        order, came = InOrder("0", 0), []
        shuffled = sorted(range(500), key=lambda number: number + chance.uniform(0, 40))
        while shuffled:
            size = chance.randint(1, 60)
            came += order.take(events(*shuffled[:size]))
            del shuffled[:size]
        assert numbers(came) == list(range(500))
