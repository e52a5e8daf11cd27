"""Waiting and running Batch tasks over time, and the nodes that they ran on. Pure.

Made from the times of the tasks: nobody keeps a record of the pool. A node counts while a task of the run
runs on it, so one that boots, idles or works for another run does not.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from sensor_scoring.azure_batch.task_span import TaskSpan

_WAIT, _RUN = "wait", "run"


@dataclass(frozen=True, slots=True)
class LoadCurve:
    """Steps: what holds from one moment to the next; all of one length, at most one step a second."""

    at: tuple[datetime, ...] = ()
    waiting: tuple[int, ...] = ()
    running: tuple[int, ...] = ()
    nodes: tuple[int, ...] = ()

    @classmethod
    def of(cls, spans: Iterable[TaskSpan]) -> Self:
        """Add up tasks; what still waits or runs is in the last step."""
        changes = sorted((change for span in spans for change in _changes(span)), key=itemgetter(0))
        waiting, running, at = 0, 0, []
        steps: list[tuple[int, int, int]] = []
        busy: Counter[str] = Counter()
        for second, group in groupby(changes, key=itemgetter(0)):
            for _, what, node, by in group:
                if what == _WAIT:
                    waiting += by
                else:
                    running += by
                    busy[node] += by
            at.append(second)
            steps.append((waiting, running, sum(count > 0 for count in busy.values())))
        if not steps:
            return cls()
        waits, runs, nodes = zip(*steps, strict=True)
        return cls(tuple(at), waits, runs, nodes)


def _changes(task: TaskSpan) -> Iterator[tuple[datetime, str, str, int]]:
    for what, span in ((_WAIT, task.waited), (_RUN, task.ran)):
        if span:
            yield span.start.replace(microsecond=0), what, task.node, 1
            if span.end:
                yield span.end.replace(microsecond=0), what, task.node, -1


@dataclass(frozen=True, slots=True)
class NodeUse:
    """A node as the tasks of a run show it."""

    id: str
    tasks: int
    running: int
    failed: int
    first: datetime
    """Start of its first task that is known."""
    last: datetime
    """End of its last, or now."""
    busy_seconds: float
    """Seconds of tasks on it; as tasks run side by side, there can be more than seconds passed."""


def nodes_of(spans: Iterable[TaskSpan], *, now: datetime) -> list[NodeUse]:
    """Return the nodes that Batch tasks ran on, in the order in which they began.

    :param now: what runs still does so until then
    """
    of_node: dict[str, list[tuple[TaskSpan, datetime, datetime]]] = {}
    for span in spans:
        if span.node and span.ran:
            of_node.setdefault(span.node, []).append((span, span.ran.start, span.ran.end or now))
    uses = [
        NodeUse(
            id=node,
            tasks=len(runs),
            running=sum(not span.is_ended for span, _, _ in runs),
            failed=sum(span.is_failure for span, _, _ in runs),
            first=min(start for _, start, _ in runs),
            last=max(end for _, _, end in runs),
            busy_seconds=round(sum((end - start).total_seconds() for _, start, end in runs), 3),
        )
        for node, runs in of_node.items()
    ]
    return sorted(uses, key=lambda use: (use.first, use.id))
