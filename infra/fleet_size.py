"""What the parameter files give to a fleet of each size."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from infra.check.parameters import read_parameters

FOLDER = Path(__file__).resolve().parent / "sizes"
SENSORS = tuple(sorted(int(file.stem) for file in FOLDER.glob("*.bicepparam")))
"""Sensors of the fleets that there are parameters for."""
_ANY = {"IMAGE": "sensor-scoring", "AIRFLOW_PRINCIPAL_ID": "somebody"}
"""What a deployment has to say besides, whatever its size."""


@dataclass(frozen=True, slots=True)
class FleetSize:
    """Bounds of the pool, and the units of the way from devices to readings.

    :param throughput_units: of the event hub, which takes twice as many under load
    :param streaming_units: of the Stream Analytics job, as its API counts them
    """

    sensors: int
    vm_size: str
    slots_per_node: int
    max_nodes: int
    partitions: int
    throughput_units: int
    streaming_units: int

    @property
    def vcpus(self) -> int:
        """Count the vCPUs of the largest pool, from the name of the node size."""
        return int(re.sub(r"^standard_[a-z]+(\d+).*", r"\1", self.vm_size)) * self.max_nodes


def fleet_size(sensors: int) -> FleetSize:
    """Read the parameters of a fleet.

    :raises TemplateFault: if its file is no file of parameters
    """
    _, given = read_parameters(FOLDER / f"{sensors}.bicepparam", _ANY)
    return FleetSize(
        sensors,
        given["vmSize"],
        given["slotsPerNode"],
        given["maxNodes"],
        given["partitions"],
        given["throughputUnits"],
        given["streamingUnits"],
    )
