"""Every metric: name, unit, attributes and a sentence. Pure.

The code that measures, the table in ``docs/monitoring.md``, dashboards and alert rules are made from these.
All are gauges: a run has no process that lives from one hour to the next, in which a counter could count, and
a gauge that is sent twice is the same gauge, where a counter would have counted twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "sensor_scoring"


class Attribute(StrEnum):
    """What tells the series of a metric apart. None of them takes more than a few values."""

    POOL = "sensor_scoring.pool"
    RUN_TYPE = "sensor_scoring.run.type"
    OUTCOME = "sensor_scoring.outcome"
    QUANTILE = "sensor_scoring.quantile"
    NODE_KIND = "sensor_scoring.node.kind"
    NODE_STATE = "sensor_scoring.node.state"


MEANINGS: Mapping[Attribute, str] = {
    Attribute.POOL: "id of the Batch pool; it tells deployments apart",
    Attribute.RUN_TYPE: "`scheduled`, `manual` or `backfill`: a backfill is about hours long past",
    Attribute.OUTCOME: "`scored`, `failed`, `silent` or `no model`",
    Attribute.QUANTILE: "`0.5` or `0.95`",
    Attribute.NODE_KIND: "`dedicated` or `spot`",
    Attribute.NODE_STATE: "as the service says; each state has a value, 0 too",
}


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric. A value of it is a :class:`Point`."""

    name: str
    unit: str
    """In the notation of UCUM, as OpenTelemetry wants it: ``s``, ``h``, or what is counted in braces."""
    what: str
    """A sentence for people."""
    attributes: tuple[Attribute, ...]

    @property
    def of_run(self) -> bool:
        """Whether a run has it, else a pool."""
        return Attribute.RUN_TYPE in self.attributes


_RUN = (Attribute.POOL, Attribute.RUN_TYPE)

SENSORS = Metric(
    f"{PREFIX}.run.sensors", "{sensor}", "Sensors of the hour, by outcome.", (*_RUN, Attribute.OUTCOME)
)
READINGS = Metric(f"{PREFIX}.run.readings", "{reading}", "Readings that were scored.", _RUN)
REJECTED = Metric(f"{PREFIX}.run.rejected", "{row}", "Rows of readings that were left out.", _RUN)
ANOMALIES = Metric(f"{PREFIX}.run.anomalies", "{reading}", "Readings that were called anomalies.", _RUN)
SENSOR_SECONDS = Metric(
    f"{PREFIX}.run.sensor.duration",
    "s",
    "Wall time of scoring a sensor. Sensors that are scored together share theirs equally.",
    (*_RUN, Attribute.QUANTILE),
)
QUEUE_SECONDS = Metric(
    f"{PREFIX}.run.queue.duration",
    "s",
    "How long a Batch task waited for a node, the last time that it waited. None if no Batch task began.",
    (*_RUN, Attribute.QUANTILE),
)
BOOT_SECONDS = Metric(
    f"{PREFIX}.run.boot.duration",
    "s",
    "From the allocation of a node to the first Batch task that had waited for it. None if none had.",
    (*_RUN, Attribute.QUANTILE),
)
RUN_SECONDS = Metric(
    f"{PREFIX}.run.duration",
    "s",
    "From the start of the DAG run, or its last clear, to its summary.",
    _RUN,
)
LATENESS = Metric(
    f"{PREFIX}.run.lateness",
    "s",
    "By how much the run took longer than `LATE_MINUTES`; less than 0 if less. None if that setting is 0.",
    _RUN,
)
FAILED_STEPS = Metric(
    f"{PREFIX}.run.failed_steps", "{step}", "Steps of the DAG before scoring that failed.", _RUN
)
NODE_TIME = Metric(
    f"{PREFIX}.run.node_time",
    "h",
    "Time of nodes that the run used, an estimate. None if Azure Batch did not say.",
    (*_RUN, Attribute.NODE_KIND),
)
COST = Metric(
    f"{PREFIX}.run.cost",
    "{currency}",
    "Their cost, in the currency of the prices in the settings. None without a price.",
    _RUN,
)
NODES = Metric(
    f"{PREFIX}.pool.nodes", "{node}", "Nodes of the pool, by state.", (Attribute.POOL, Attribute.NODE_STATE)
)
TARGET_NODES = Metric(
    f"{PREFIX}.pool.target_nodes",
    "{node}",
    "Nodes that the pool is to have.",
    (Attribute.POOL, Attribute.NODE_KIND),
)
QUEUE = Metric(
    f"{PREFIX}.pool.queue",
    "{task}",
    "Batch tasks of this deployment that wait for a node.",
    (Attribute.POOL,),
)
RUNNING = Metric(
    f"{PREFIX}.pool.running", "{task}", "Batch tasks of this deployment that run.", (Attribute.POOL,)
)

METRICS = (
    *(SENSORS, READINGS, REJECTED, ANOMALIES, SENSOR_SECONDS, QUEUE_SECONDS, BOOT_SECONDS),
    *(RUN_SECONDS, LATENESS, FAILED_STEPS, NODE_TIME, COST),
    *(NODES, TARGET_NODES, QUEUE, RUNNING),
)


@dataclass(frozen=True, slots=True)
class Point:
    """A value of a metric."""

    metric: Metric
    value: float
    attributes: Mapping[Attribute, str]

    def __post_init__(self) -> None:
        if self.attributes.keys() != set(self.metric.attributes):
            raise ValueError(f"{self.metric.name} has the attributes {', '.join(self.metric.attributes)}")

    @property
    def flat_name(self) -> str:
        """Its name among the attributes of its run's span, which has each value under a name of its own."""
        told_apart = (value for name, value in self.attributes.items() if name not in _RUN)
        return ".".join((self.metric.name, *told_apart)).replace(" ", "_")
