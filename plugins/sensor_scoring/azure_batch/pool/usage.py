"""Node-hours that a run used, and their cost: an estimate, made when the run is summed up. Pure.

A node is used from its allocation, or from the run's first job if it was there before, until the summary,
and then until the next evaluation can take it back: booting and the tail are paid for like work. Nodes that
have gone meanwhile count from their first task of the run to the end of their last. What several runs share
at that moment is divided between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from sensor_scoring.azure_batch.pool.autoscale import Floor
from sensor_scoring.service_times import datetime_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from scoring_contract.json_message import Node

_HOUR_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Prices:
    """Price of a node-hour in the deployment's currency; 0 for unknown."""

    dedicated: float = 0.0
    spot: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolUse:
    """Node-hours of a run, and how the pool scaled."""

    pool_id: str
    policy: str = ""
    """How it scales: the setting, or ``fixed size``."""
    announced: int = 0
    """Nodes that were announced to it when the run was summed up."""
    nodes: int = 0
    """Nodes that the run used."""
    node_hours: float = 0.0
    """Of dedicated nodes."""
    spot_node_hours: float = 0.0
    shared_by: int = 1
    """Runs that worked on the pool when this one was summed up; its node-hours are divided by so many."""
    cost: float | None = None
    """Of both kinds of node-hours; None while no price is set."""
    evaluated_at: str = ""
    """When the formula was last evaluated; empty if it never was."""
    evaluation: str = ""
    """The result, in the service's form."""
    evaluation_error: str = ""
    """Why nothing came out."""

    @property
    def seconds(self) -> float:
        """Seconds of nodes of either kind."""
        return (self.node_hours + self.spot_node_hours) * _HOUR_SECONDS

    def to_json(self) -> dict[str, Any]:
        """Return the wire form."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_json(cls, node: Node) -> Self:
        """Read the wire form."""
        cost = node["cost"]
        return cls(
            pool_id=node["pool_id"].text(),
            policy=str(node["policy"].value or ""),
            announced=node["announced"].count(),
            nodes=node["nodes"].count(),
            node_hours=node["node_hours"].seconds(),
            spot_node_hours=node["spot_node_hours"].seconds(),
            shared_by=node["shared_by"].count(),
            cost=None if cost.is_absent else cost.seconds(),
            evaluated_at=str(node["evaluated_at"].value or ""),
            evaluation=str(node["evaluation"].value or ""),
            evaluation_error=str(node["evaluation_error"].value or ""),
        )


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when a run used a node."""

    start: datetime
    end: datetime
    is_dedicated: bool = True

    @property
    def hours(self) -> float:
        """How long that is."""
        return max((self.end - self.start).total_seconds(), 0.0) / _HOUR_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A pool and the tasks of a run, as the service describes them."""

    pool: Mapping[str, Any]
    nodes: Iterable[Mapping[str, Any]]
    tasks: Iterable[Mapping[str, Any]]
    """The run's Batch tasks with ``nodeInfo`` and ``executionInfo``."""
    opened: datetime | None
    """When the run's first job was made; None if it has none."""
    now: datetime
    tail: timedelta = timedelta()
    """How long nodes may stay when the run is over: the evaluation interval, if the pool scales."""
    shared_by: int = 1

    def use(self, *, policy: str, prices: Prices) -> PoolUse:
        """Add it up."""
        spans = [*self._present(), *self._gone()] if self.opened else []
        sharers = max(self.shared_by, 1)
        hours = sum(span.hours for span in spans if span.is_dedicated) / sharers
        spot = sum(span.hours for span in spans if not span.is_dedicated) / sharers
        is_priced = bool(prices.dedicated or prices.spot)
        scales = bool(self.pool.get("enableAutoScale"))
        run = self.pool.get("autoScaleRun") or {}
        floor = Floor.of_formula(str(self.pool.get("autoScaleFormula") or ""), now=self.now)
        return PoolUse(
            pool_id=str(self.pool["id"]),
            policy=policy if scales else "fixed size",
            announced=floor.nodes if floor else 0,
            nodes=len(spans),
            node_hours=round(hours, 4),
            spot_node_hours=round(spot, 4),
            shared_by=sharers,
            cost=round(hours * prices.dedicated + spot * prices.spot, 4) if is_priced else None,
            evaluated_at=str(run.get("timestamp") or ""),
            evaluation=str(run.get("results") or ""),
            evaluation_error=str((run.get("error") or {}).get("code") or ""),
        )

    def _present(self) -> Iterable[Span]:
        until = self.now + self.tail
        for node in self.nodes:
            start = max(datetime_of(node.get("allocationTime")) or self.now, self.opened or self.now)
            yield Span(start, until, bool(node.get("isDedicated", True)))

    def _gone(self) -> Iterable[Span]:
        there = {str(node["id"]) for node in self.nodes}
        worked: dict[str, list[datetime]] = {}
        for task in self.tasks:
            name = str((task.get("nodeInfo") or {}).get("nodeId") or "")
            execution = task.get("executionInfo") or {}
            moments = [datetime_of(execution.get(key)) for key in ("startTime", "endTime")]
            if name and name not in there:
                worked.setdefault(name, []).extend(moment for moment in moments if moment)
        # Which kind a node was is not kept; one that left in the middle of a run most likely was a Spot node.
        has_spot = bool(self.pool.get("targetLowPriorityNodes") or self.pool.get("currentLowPriorityNodes"))
        return [Span(min(seen), max(seen), not has_spot) for seen in worked.values() if seen]
