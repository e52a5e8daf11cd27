"""Where a reader begins: the filter of its link, and the event that it means.

https://learn.microsoft.com/en-us/azure/event-hubs/event-hubs-amqp-protocol-guide names the filter and its
annotations.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from azure_event_hubs_emulator.errors import AmqpError
from azure_event_hubs_emulator.service.arrivals import ENQUEUED_TIME

if TYPE_CHECKING:
    from azure_event_hubs_emulator.store.partition_log import PartitionLog

SELECTOR = "apache.org:selector-filter:string"
_EXPRESSION = re.compile(r"\s*amqp\.annotation\.([a-z-]+)\s*(>=?)\s*'([^']*)'\s*")
_MOST_DIGITS = 19


class Annotation(StrEnum):
    """What events are compared by."""

    OFFSET = "x-opt-offset"
    SEQUENCE = "x-opt-sequence-number"
    TIME = ENQUEUED_TIME


@dataclass(frozen=True, slots=True)
class Position:
    """Begin with the first event whose annotation is over a value, or at it.

    :param value: None means the end: only events that are still to come
    """

    annotation: Annotation
    value: int | None
    is_inclusive: bool

    @classmethod
    def parse(cls, expression: str) -> Position:
        """Read a selector.

        :raises AmqpError: if it is none that Event Hubs knows
        """
        match = _EXPRESSION.fullmatch(expression)
        if match is None or match[1] not in tuple(Annotation):
            raise AmqpError(
                "com.microsoft:argument-error",
                f"The selector {expression!r} is not supported: one annotation of "
                f"{', '.join(Annotation)} is compared by > or >= with a value in quotes.",
            )
        annotation, operator, text = Annotation(match[1]), match[2], match[3]
        if annotation is Annotation.OFFSET and text == "@latest":
            return cls(annotation, None, is_inclusive=False)
        if not re.fullmatch(r"-?[0-9]+", text, re.ASCII) or len(text) > _MOST_DIGITS:
            raise AmqpError("com.microsoft:argument-error", f"The supplied {annotation} '{text}' is invalid.")
        return cls(annotation, int(text), is_inclusive=operator == ">=")

    def first(self, log: PartitionLog) -> int:
        """Tell the number of the first event that a reader gets; what was deleted is passed over.

        :raises AmqpError: if no event was ever there
        """
        ends = log.ends
        if self.value is None:
            return ends.last_sequence + 1
        wanted = self.value if self.is_inclusive else self.value + 1
        if self.annotation is Annotation.TIME:
            return log.first_from_time(wanted)
        last = ends.last_offset if self.annotation is Annotation.OFFSET else ends.last_sequence
        # https://github.com/Azure/azure-event-hubs-python/issues/13 has the service's words.
        if self.value > last:
            name = "offset" if self.annotation is Annotation.OFFSET else "sequence number"
            raise AmqpError(
                "com.microsoft:argument-error",
                f"The supplied {name} '{self.value}' is invalid. The last {name} in the system is '{last}'",
            )
        if self.annotation is Annotation.OFFSET:
            return log.first_from_offset(wanted)
        return max(wanted, ends.begin_sequence)


BEGINNING = Position(Annotation.OFFSET, -1, is_inclusive=False)
"""Where a link without a filter begins."""
