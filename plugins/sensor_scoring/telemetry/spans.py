"""Spans of a trace, with ids that follow from what they are about. Pure.

Ids are computed, not drawn: what is sent twice is the same trace and the same span.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

_TRACE_DIGITS = 32
_SPAN_DIGITS = 16

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a span."""

    name: str
    at: datetime
    attributes: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From when to when something was done."""

    id: str
    """16 hex digits, unique in its trace."""
    parent: str = ""
    """Id of the span that it is a part of; empty for the first of a trace."""
    name: str
    start: datetime
    end: datetime
    attributes: Mapping[str, Value] = field(default_factory=dict)
    failure: str = ""
    """Why it failed, a sentence; empty if it did not."""
    events: Sequence[Event] = ()
    is_request: bool = False
    """Whether it stands for the whole work that somebody asked for."""

    @property
    def duration(self) -> timedelta:
        """How long it lasted."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Trace:
    """A trace, or a part of one."""

    id: str
    """32 hex digits."""
    spans: Sequence[Span]


def trace_id(run: str, planned_at: str) -> str:
    """Return the id of a run's trace.

    The time of its plan, to the microsecond, tells deployments apart whose runs have the same name.

    :param run: base of its Batch ids
    :param planned_at: of its plan
    """
    return sha256(f"{run}\0{planned_at}".encode()).hexdigest()[:_TRACE_DIGITS]


def span_id(trace: str, *about: str) -> str:
    """Return the id of a span.

    :param trace: its trace's id
    :param about: what it is about; no other span of the trace is about the same
    """
    return sha256("\0".join((trace, *about)).encode()).hexdigest()[:_SPAN_DIGITS]


def within(start: datetime, end: datetime, *, around: Span) -> timedelta:
    """Return by how much another clock's times have to be moved to lie in the span that they are a part of.

    :return: 0 if they lie there; what is longer than the span is to begin with it
    """
    shift = min(around.end - end, timedelta())
    return max(shift, around.start - start)
