"""The real client receives: from where, and who may."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from azure.eventhub import EventData, EventHubConsumerClient
from azure.eventhub.aio import EventHubConsumerClient as AioConsumer
from azure.eventhub.exceptions import EventHubError

from azure_event_hubs_emulator.clock import ManualClock
from azure_event_hubs_emulator.hubs import HubSpec
from azure_event_hubs_emulator.server import EventHubsServer
from tests.event_hubs_emulator.hub_clients import HUB, bodies, producer_of, receive, send
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def hours(tmp_path_factory) -> Iterator[tuple[EventHubsServer, list[EventData]]]:
    """Start an emulator with three batches of two events, an hour apart; give it and its events."""
    clock = ManualClock()
    data = tmp_path_factory.mktemp("hours")
    with EventHubsServer(data=data, hubs=(HubSpec(HUB, 2),), clock=clock) as emulator:
        with producer_of(emulator) as producer:
            for hour in range(3):
                bodies_of_hour = [EventData(f"{hour}.{number}") for number in range(2)]
                producer.send_batch([*bodies_of_hour], partition_id="0")
                clock.turn(timedelta(hours=1))
        yield emulator, receive(emulator, 6)


@pytest.mark.parametrize("inclusive", [False, True])
@pytest.mark.parametrize("kind", ["sequence_number", "offset", "enqueued_time"])
def test_a_position_is_a_number_an_offset_or_a_time(hours, kind, inclusive) -> None:
    """Receiving begins behind the position, or at it if that is asked for."""
    emulator, events = hours
    position = getattr(events[2], kind)
    first = 2 if inclusive else 4 if kind == "enqueued_time" else 3
    received = receive(emulator, 6 - first, position=position, starting_position_inclusive=inclusive)
    assert bodies(received) == bodies(events)[first:]


def test_a_time_before_all_begins_with_the_first(hours) -> None:
    """A moment at which nothing happened leads to the event after it."""
    emulator, events = hours
    before = events[0].enqueued_time - timedelta(days=9)
    between = events[2].enqueued_time + timedelta(minutes=1)
    assert len(receive(emulator, 6, position=before)) == 6
    assert bodies(receive(emulator, 2, position=between)) == ["2.0", "2.1"]


def test_a_position_beyond_the_end_is_refused(hours) -> None:
    """A checkpoint of another hub's events leads to an error, not to silence."""
    emulator, _ = hours
    with pytest.raises(EventHubError, match=r"The supplied sequence number '99' is invalid.* is '5'"):
        receive(emulator, 1, position=99)
    with pytest.raises(EventHubError, match="The supplied offset '99999' is invalid"):
        receive(emulator, 1, position="99999")


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        pytest.param({"group": "strangers"}, "consumergroups/strangers/.* could not be found", id="group"),
        pytest.param({"position": "first"}, "The supplied x-opt-offset 'first' is invalid", id="offset"),
    ],
)
def test_what_is_not_there_is_refused(emulator, where, sentence) -> None:
    """The error says what there is not."""
    with pytest.raises(EventHubError, match=sentence):
        receive(emulator, 1, **where)


def test_the_latest_position_waits_for_what_comes(emulator) -> None:
    """A reader at the end gets no old event, and each new one; the blocking client works like the other."""
    send(emulator, ["old"], partition_id="0")
    client = EventHubConsumerClient.from_connection_string(
        emulator.connection_string(HUB), "scoring", retry_total=0
    )
    received, is_waiting, has_come = [], threading.Event(), threading.Event()

    def on_event(_, event) -> None:
        if event is None:
            is_waiting.set()
        else:
            received.append(event)
            has_come.set()

    thread = threading.Thread(
        target=client.receive,
        args=(on_event,),
        kwargs={"partition_id": "0", "starting_position": "@latest", "max_wait_time": 0.1},
    )
    thread.start()
    assert is_waiting.wait(60)
    send(emulator, ["new"], partition_id="0")
    assert has_come.wait(60)
    client.close()
    thread.join()
    assert bodies(received) == ["new"]


def test_each_event_tells_the_last_one_if_asked(emulator) -> None:
    """With the runtime metric a reader knows how far behind it is."""
    send(emulator, ["a", "b", "c"], partition_id="0")
    client = AioConsumer.from_connection_string(emulator.connection_string(HUB), "$Default", retry_total=0)

    async def last_known() -> tuple[int, dict[str, Any]]:
        found: asyncio.Future[tuple[int, dict[str, Any]]] = asyncio.get_running_loop().create_future()

        async def on_event(context, event) -> None:
            if not found.done():
                found.set_result((event.sequence_number, context.last_enqueued_event_properties))

        async with client, asyncio.timeout(60):
            receiving = asyncio.create_task(
                client.receive(
                    on_event,
                    partition_id="0",
                    starting_position="-1",
                    track_last_enqueued_event_properties=True,
                )
            )
            try:
                return await found
            finally:
                receiving.cancel()

    number, properties = asyncio.run(last_known())
    assert number == 0
    assert properties["sequence_number"] == 2


def test_more_events_than_credit_arrive_in_order(emulator) -> None:
    """A reader with a credit of 10 gets hundreds of events, each once."""
    with producer_of(emulator) as producer:
        batch = producer.create_batch(partition_id="0")
        for number in range(200):
            batch.add(EventData(f"{number}"))
        producer.send_batch(batch)
    events = receive(emulator, 200, prefetch=10)
    assert bodies(events) == [str(number) for number in range(200)]


def _ignore(*_: object) -> None:
    """Take an event, and do nothing."""


class TestOwnerLevels:
    """Who reads alone."""

    @staticmethod
    def reader(emulator, level) -> tuple[EventHubConsumerClient, Any]:
        """Open a link for receiving, and return what closes or reads it."""
        client = EventHubConsumerClient.from_connection_string(
            emulator.connection_string(HUB), "$Default", retry_total=0
        )
        consumer = client._create_consumer(
            "$Default", "0", "-1", _ignore, owner_level=level, auto_reconnect=False
        )
        return client, consumer

    def test_a_higher_level_takes_over(self, emulator) -> None:
        """The reader of a lower level is told that its link was stolen; a lower one, or none, is refused."""
        send(emulator, ["a"], partition_id="0")
        client, low = self.reader(emulator, 1)
        other, high = self.reader(emulator, 2)
        try:
            until(low._open)
            until(high._open)
            with pytest.raises(EventHubError, match="New receiver 'nil' with higher epoch of '2'"):
                until(low.receive)
            with pytest.raises(EventHubError, match="Receiver 'nil' with epoch 1 cannot be created"):
                receive(emulator, 1, owner_level=1)
            with pytest.raises(EventHubError, match="created with epoch of '2', and so non-epoch"):
                receive(emulator, 1)
            assert len(receive(emulator, 1, owner_level=2)) == 1
        finally:
            # A link that is only dropped is held by the client's thread that keeps it alive.
            for reader in (low, client, high, other):
                reader.close()

    def test_five_share_a_partition(self, emulator) -> None:
        """The sixth reader without a level is refused, until one of the five leaves."""
        send(emulator, ["a"], partition_id="0")
        readers = [self.reader(emulator, None) for _ in range(5)]
        try:
            for _, consumer in readers:
                until(consumer._open)
            with pytest.raises(EventHubError, match=r"allowed receivers per partition .* which is 5"):
                receive(emulator, 1)
            readers[0][1].close()
            assert len(receive(emulator, 1)) == 1
        finally:
            for client, consumer in readers:
                consumer.close()
                client.close()
