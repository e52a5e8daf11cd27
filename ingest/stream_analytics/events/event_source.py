"""Where events come from: what the runner needs of an event hub, and no more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Event:
    """One event of an event hub.

    :param sequence: number in its partition, growing
    :param enqueued: when the hub got it, in ticks
    """

    partition: str
    sequence: int
    offset: str
    enqueued: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """Some events, in the order of each partition.

    :param idle: partitions that have no further event now: their time progresses without one
    :param now: the hub's time in ticks, to which it progresses; None: by the machine's clock
    """

    events: Sequence[Event]
    idle: frozenset[str] = frozenset()
    now: int | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """The last event of a partition that was taken."""

    sequence: int
    offset: str


class EventSource(Protocol):
    """An event hub, or what stands for it."""

    @property
    def partitions(self) -> Sequence[str]:
        """Ids of all partitions."""

    def batches(self, after: Mapping[str, Position]) -> Iterator[Batch]:
        """Yield events after a position, or from the first on; if there are none, an empty batch each second.

        It may yield events again that are not after the position: the runner counts and skips them.
        """
