"""Events of an event hub as they come, received by the Azure SDK."""

from __future__ import annotations

import logging
import queue
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from azure.eventhub.amqp import AmqpMessageBodyType
from azure.eventhub.exceptions import EventHubError

from ingest.hub_faults import HubFault, is_refusal
from ingest.stream_analytics.errors import JobFailed
from ingest.stream_analytics.events.event_source import Batch, Event, Position
from ingest.stream_analytics.events.in_order import InOrder
from ingest.stream_analytics.ticks import ticks_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from azure.eventhub import EventData, EventHubConsumerClient, PartitionContext

_LOG = logging.getLogger(__name__)
_OLDEST = "-1"
_IDLE_SECONDS = 1.0
_OWNER_LEVEL = 0
"""A job that starts displaces one that still reads the same consumer group: both would write every window."""
_PREFETCHED = 3000
"""Events of a partition that the SDK may hold before the job takes them."""
_MOST_BATCHES = 16
"""Batches that wait for the job; receiving then pauses, and the hub keeps the rest."""


class HubSource:
    """An event hub as the source of a job.

    The SDK reconnects by itself, and may then deliver events again: the job skips what it has taken. What
    the SDK delivers behind later events is put in its place first.

    :param client: of a consumer group that no other job uses; :meth:`batches` closes it
    :param ends: whether :meth:`batches` ends once it has yielded every event that the hub has
    :param is_replay: whether the hub's time is that of its events: a partition's time then progresses with
        its own events, and at the end to that of the last event of all
    """

    def __init__(
        self, client: EventHubConsumerClient, *, ends: bool = False, is_replay: bool = False
    ) -> None:
        self._client = client
        self._ends, self._is_replay = ends, is_replay
        self._waiting: queue.Queue[Batch | Exception] = queue.Queue(_MOST_BATCHES)
        self._stopping = threading.Event()
        self._partitions: tuple[str, ...] = ()
        self._in_order: dict[str, InOrder] = {}

    @property
    def partitions(self) -> Sequence[str]:
        """Ids of all partitions.

        :raises JobFailed: if the hub cannot be asked
        """
        if not self._partitions:
            try:
                self._partitions = tuple(self._client.get_partition_ids())
            except EventHubError as error:
                raise JobFailed(f"the event hub cannot be read: {error}") from error
        return self._partitions

    def batches(self, after: Mapping[str, Position]) -> Iterator[Batch]:
        """Yield events after a position, or from the oldest on, until :meth:`stop`.

        :raises JobFailed: if the hub refuses to be read
        """
        start = {name: after[name].sequence if name in after else _OLDEST for name in self.partitions}
        reached = {name: after[name].sequence if name in after else -1 for name in self.partitions}
        self._in_order = {
            name: InOrder(name, max(self._oldest(name), reached[name] + 1)) for name in self.partitions
        }
        idle: frozenset[str] = frozenset()
        # A thread each: receiving from all in one, the SDK would wait for each that is silent.
        receivers = [
            threading.Thread(target=self._receive, args=place, name=f"partition {place[0]}")
            for place in start.items()
        ]
        for receiver in receivers:
            receiver.start()
        try:
            while (batch := self._next()) is not None:
                yield Batch(batch.events) if self._is_replay else batch
                for event in batch.events:
                    reached[event.partition] = max(reached[event.partition], event.sequence)
                idle = batch.idle | (idle - {event.partition for event in batch.events})
                if self._ends and idle.issuperset(reached) and (end := self._end(reached)) is not None:
                    if self._is_replay:
                        yield Batch((), frozenset(reached), end)
                    return
        finally:
            self.stop()
            self._client.close()
            for receiver in receivers:
                receiver.join()

    def stop(self) -> None:
        """End :meth:`batches` after the batch that it is at; may be called by a signal's handler."""
        self._stopping.set()

    def _oldest(self, partition: str) -> int:
        """Return the number of the oldest event that the hub has of a partition.

        :raises JobFailed: if it cannot be asked
        """
        return int(self._properties(partition)["beginning_sequence_number"])

    def _properties(self, partition: str) -> Mapping[str, Any]:
        """Return what the hub says of a partition.

        :raises JobFailed: if it cannot be asked
        """
        try:
            return dict(self._client.get_partition_properties(partition))
        except EventHubError as error:
            raise JobFailed(f"the event hub cannot be read: {error}") from error

    def _end(self, reached: Mapping[str, int]) -> int | None:
        """Return when the last event of all arrived, in ticks; None if there are events to come.

        A partition is silent while its hub is gone, too, so the hub is asked.

        :raises JobFailed: if it cannot be
        """
        ends = [self._properties(name) for name in reached]
        kept = [end for end in ends if not end["is_empty"]]
        if any(int(end["last_enqueued_sequence_number"]) > reached[str(end["id"])] for end in kept):
            return None
        return max((ticks_of(end["last_enqueued_time_utc"]) for end in kept), default=0)

    def _next(self) -> Batch | None:
        try:
            batch = self._waiting.get(timeout=_IDLE_SECONDS)
        except queue.Empty:
            # Nothing heard of any partition, not even that it is idle: time does not progress.
            batch = Batch(())
        if isinstance(batch, Exception):
            raise JobFailed(f"the event hub cannot be read: {batch}") from batch
        return None if self._stopping.is_set() else batch

    def _receive(self, partition: str, start: str | int) -> None:
        """Put what is received of a partition into the queue, until the job stops."""
        try:
            self._client.receive_batch(
                self._take,
                partition_id=partition,
                prefetch=_PREFETCHED,
                max_wait_time=_IDLE_SECONDS,
                owner_level=_OWNER_LEVEL,
                starting_position=start,
                on_error=self._complain,
            )
            self._put(EventHubError(f"receiving from partition {partition} has ended"))
        except Exception as error:  # noqa: BLE001 - whatever it is, the job must hear of it
            self._put(error)

    def _take(self, partition: PartitionContext, events: Sequence[EventData]) -> None:
        name = partition.partition_id
        order = self._in_order[name]
        if events:
            self._put(Batch(order.take(_event_of(name, event) for event in events)))
        elif rest := order.rest():
            self._put(Batch(rest))
        else:
            self._put(Batch((), frozenset({name})))

    def _complain(self, partition: PartitionContext | None, error: Exception) -> None:
        """Fail the job if the hub refuses it; the SDK goes on after any other error."""
        where = f"partition {partition.partition_id}" if partition else "the event hub"
        _LOG.warning("%s: %s", where, error)
        if isinstance(error, HubFault) and is_refusal(error):
            self._put(error)

    def _put(self, batch: Batch | Exception) -> None:
        is_put = False
        while not (is_put or self._stopping.is_set()):
            with suppress(queue.Full):
                self._waiting.put(batch, timeout=_IDLE_SECONDS)
                is_put = True


def _event_of(partition: str, event: EventData) -> Event:
    """Return an event; one whose body is not bytes has none, and counts as unreadable."""
    is_data = event.body_type is AmqpMessageBodyType.DATA
    body = b"".join(cast("Iterable[bytes]", event.body)) if is_data else b""
    assert event.sequence_number is not None and event.enqueued_time is not None  # noqa: PT018, S101 - received
    return Event(partition, event.sequence_number, str(event.offset), ticks_of(event.enqueued_time), body)
