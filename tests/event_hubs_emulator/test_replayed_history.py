"""Events that say when they arrive: the real client sends history, and receives it with its times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from azure.eventhub import EventData
from azure.eventhub.exceptions import EventHubError

from azure_event_hubs_emulator.clock import milliseconds
from azure_event_hubs_emulator.hubs import HubSpec
from azure_event_hubs_emulator.server import EventHubsServer
from azure_event_hubs_emulator.service.arrivals import ENQUEUED_TIME
from azure_event_hubs_emulator.store.partition_log import Retention
from tests.event_hubs_emulator.hub_clients import HUB, bodies, producer_of, receive, send

if TYPE_CHECKING:
    from pathlib import Path

START = datetime(2018, 8, 29, 2, tzinfo=UTC)
HOUR = 3_600_000


def running(data: Path, retention: Retention | None = None) -> EventHubsServer:
    """Make an emulator whose events tell the time."""
    hubs = (HubSpec(HUB, 2),)
    return EventHubsServer(data=data, hubs=hubs, arrivals_by_events=True, retention=retention or Retention())


def send_noted(emulator: EventHubsServer, *minutes: int, partition: str = "0") -> None:
    """Send a batch of events that arrive at some minutes; each minute is the body, too."""
    with producer_of(emulator) as producer:
        batch = producer.create_batch(partition_id=partition)
        for minute in minutes:
            event = EventData(str(minute))
            event.raw_amqp_message.annotations = {ENQUEUED_TIME: START + timedelta(minutes=minute)}
            batch.add(event)
        producer.send_batch(batch)


def test_a_batch_arrives_with_its_latest_event(tmp_path: Path) -> None:
    """Times of arrival are those of the events, and never go backwards, in other partitions either."""
    with running(tmp_path) as emulator:
        send_noted(emulator, 5, 3)
        send_noted(emulator, 9, partition="1")
        send_noted(emulator, 8)
        events = receive(emulator, 3)
        assert bodies(events) == ["5", "3", "8"]
        assert [event.enqueued_time for event in events] == [
            START + timedelta(minutes=minute) for minute in (5, 5, 9)
        ]


def test_time_goes_on_after_a_restart(tmp_path: Path) -> None:
    """A new start knows the latest event of all partitions."""
    with running(tmp_path) as emulator:
        send_noted(emulator, 9, partition="1")
    with running(tmp_path) as emulator:
        send_noted(emulator, 2)
        assert receive(emulator, 1)[0].enqueued_time == START + timedelta(minutes=9)


def test_age_is_reckoned_by_the_events(tmp_path: Path) -> None:
    """Years-old history is kept, until the latest event of all partitions is later by the retention."""
    with running(tmp_path, Retention(milliseconds=HOUR)) as emulator:
        send_noted(emulator, 0)
        emulator.call(lambda running: running.expire())
        assert bodies(receive(emulator, 1)) == ["0"]
        send_noted(emulator, 60, partition="1")
        emulator.call(lambda running: running.expire())
        send_noted(emulator, 61)
        assert bodies(receive(emulator, 1)) == ["61"]


def test_an_event_without_a_time_is_refused(tmp_path: Path) -> None:
    """It would arrive at a time that nobody meant; the error names the option, and nothing is kept."""
    with running(tmp_path) as emulator:
        with pytest.raises(EventHubError, match="--clock events"):
            send(emulator, ["now"], partition_id="0")
        send_noted(emulator, 1)
        assert bodies(receive(emulator, 1)) == ["1"]


def test_without_the_option_the_clock_decides(tmp_path: Path) -> None:
    """As in Azure, the annotation of the sender is replaced."""
    with EventHubsServer(data=tmp_path, hubs=(HubSpec(HUB, 2),)) as emulator:
        send_noted(emulator, 5)
        arrived = receive(emulator, 1)[0].enqueued_time
        assert arrived is not None
        assert milliseconds(arrived) > milliseconds(START) + HOUR
