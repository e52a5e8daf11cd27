"""The real client sends: to where, how much, and what is refused."""

from __future__ import annotations

import asyncio

import pytest
from azure.eventhub import EventData, EventHubProducerClient
from azure.eventhub.aio import EventHubProducerClient as AioProducer
from azure.eventhub.exceptions import ConnectError, EventHubError

from azure_event_hubs_emulator.service.partition_key import partition_of
from tests.event_hubs_emulator.hub_clients import HUB, bodies, producer_of, receive, send


def test_a_batch_arrives_in_order(emulator) -> None:
    """Events of a batch are in one partition, in their order, numbered from 0, with their properties."""
    with producer_of(emulator) as producer:
        batch = producer.create_batch(partition_id="1")
        for number in range(3):
            event = EventData(f"reading {number}")
            event.properties = {"unit": "mm", "number": number}
            event.content_type, event.correlation_id = "text/plain", f"c{number}"
            batch.add(event)
        producer.send_batch(batch)
    events = receive(emulator, 3, partition="1")
    assert bodies(events) == ["reading 0", "reading 1", "reading 2"]
    assert [event.sequence_number for event in events] == [0, 1, 2]
    assert [event.properties for event in events] == [{b"unit": b"mm", b"number": n} for n in range(3)]
    assert [(event.content_type, event.correlation_id) for event in events][2] == ("text/plain", "c2")
    assert events[0].offset == "0"
    assert events[0].enqueued_time == events[2].enqueued_time


def test_the_asynchronous_client_sends(emulator) -> None:
    """The aio client is served like the other."""

    async def send_two() -> None:
        client = AioProducer.from_connection_string(emulator.connection_string(HUB), retry_total=0)
        async with client:
            await client.send_batch([EventData("a"), EventData("b")], partition_id="0")

    asyncio.run(send_two())
    assert bodies(receive(emulator, 2)) == ["a", "b"]


def test_without_a_key_partitions_take_turns(emulator) -> None:
    """Batches to the hub go to each partition in turn."""
    with producer_of(emulator) as producer:
        for body in "abcd":
            producer.send_batch([EventData(body)])
    assert bodies(receive(emulator, 2, partition="0")) == ["a", "c"]
    assert bodies(receive(emulator, 2, partition="1")) == ["b", "d"]


def test_a_key_always_leads_to_its_partition(emulator) -> None:
    """All batches of a key are in the partition of its hash, and carry the key."""
    with producer_of(emulator) as producer:
        for body in "abcd":
            producer.send_batch([EventData(body)], partition_key="00:1B:44")
    events = receive(emulator, 4, partition=str(partition_of("00:1B:44", 2)))
    assert bodies(events) == ["a", "b", "c", "d"]
    assert {event.partition_key for event in events} == {b"00:1B:44"}


def test_a_single_event_in_many_frames(emulator) -> None:
    """An event of most of a megabyte takes many frames there and back, and comes back whole."""
    body = "".join(f"{number:08}" for number in range(100_000))
    with producer_of(emulator) as producer:
        producer.send_event(EventData(body), partition_id="0")
    assert bodies(receive(emulator, 1)) == [body]


def test_an_event_over_the_limit_is_refused(emulator) -> None:
    """A message over 1 MB ends the link with the service's condition, and nothing of it is kept."""
    with producer_of(emulator) as producer:
        with pytest.raises(EventHubError, match=r"exceeds the limit \(1048576 bytes\)") as caught:
            producer.send_event(EventData(b"x" * 1_100_000), partition_id="0")
        # The client drops what stands before the first colon.
        assert caught.value.error == "link:message-size-exceeded"
    send(emulator, ["small"], partition_id="0")
    assert bodies(receive(emulator, 1)) == ["small"]


def test_the_client_knows_the_limit(emulator_of) -> None:
    """A batch is full where the emulator would refuse it."""
    emulator = emulator_of(max_message_bytes=4096)
    with producer_of(emulator) as producer:
        batch = producer.create_batch(partition_id="0")
        assert batch.max_size_in_bytes == 4096
        while batch.size_in_bytes < 4096 - 300:
            batch.add(EventData("x" * 100))
        with pytest.raises(ValueError, match="EventDataBatch has reached its size limit"):
            batch.add(EventData("x" * 300))
        producer.send_batch(batch)
    assert len(receive(emulator, len(batch))) == len(batch) > 20


def test_an_unknown_hub_is_refused(emulator) -> None:
    """It is not found, in the service's words."""
    with (
        producer_of(emulator, "elsewhere") as producer,
        pytest.raises(ConnectError, match=r"entity .*/elsewhere' could not be found"),
    ):
        producer.send_event(EventData("a"))


def test_properties_tell_both_ends(emulator) -> None:
    """A partition's properties say what is in it, and a hub's which partitions there are."""
    send(emulator, ["a", "b"], partition_id="1")
    with producer_of(emulator) as producer:
        hub = producer.get_eventhub_properties()
        empty, full = producer.get_partition_properties("0"), producer.get_partition_properties("1")
        with pytest.raises(EventHubError, match="It should be between 0 and 1"):
            producer.get_partition_properties("7")
    assert (hub["eventhub_name"], hub["partition_ids"]) == (HUB, ["0", "1"])
    assert (empty["is_empty"], empty["last_enqueued_sequence_number"]) == (True, -1)
    assert (full["is_empty"], full["beginning_sequence_number"]) == (False, 0)
    last = receive(emulator, 2, partition="1")[-1]
    assert full["last_enqueued_sequence_number"] == last.sequence_number == 1
    assert full["last_enqueued_offset"] == last.offset
    assert full["last_enqueued_time_utc"] == last.enqueued_time


def test_two_clients_share_a_partition(emulator) -> None:
    """Events of several senders are numbered without gaps."""
    clients: list[EventHubProducerClient] = [producer_of(emulator) for _ in range(2)]
    for round_ in range(3):
        for client in clients:
            client.send_batch([EventData(str(round_))] * 5, partition_id="0")
    for client in clients:
        client.close()
    assert [event.sequence_number for event in receive(emulator, 30)] == list(range(30))
