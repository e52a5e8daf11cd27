"""The image of a pool's nodes, and how long Azure Batch still supports it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sensor_scoring.service_times import datetime_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NOTICE = timedelta(days=183)
"""How long before the end of its support an image is warned of."""


@dataclass(frozen=True, slots=True)
class NodeImage:
    """A Marketplace image, and the Batch node agent that goes with it.

    :param agent: id of the node agent's SKU
    """

    publisher: str
    offer: str
    sku: str
    agent: str

    def request(self) -> dict[str, Any]:
        """Write it as the service wants it in a pool."""
        image = {"publisher": self.publisher, "offer": self.offer, "sku": self.sku, "version": "latest"}
        return {"imageReference": image, "nodeAgentSKUId": self.agent}


UBUNTU_24_04 = NodeImage("microsoft-dsvm", "ubuntu-hpc", "2404", "batch.node.ubuntu 24.04")
"""Has a container runtime. What Batch names to migrate to from 22.04, whose support ends on 2027-06-30:
https://github.com/Azure/Batch/issues/200"""


def support_troubles(
    pool: Mapping[str, Any], supported: Iterable[Mapping[str, Any]], *, now: datetime
) -> list[str]:
    """Say that the support of a pool's image ends soon, or has ended; nothing if it does not.

    :param pool: the pool as the service describes it
    :param supported: what the service lists as supported images; those of other node agents may be among them
    :param now: by the service's clock
    """
    machine = pool.get("virtualMachineConfiguration") or {}
    agent, image = str(machine.get("nodeAgentSKUId") or ""), machine.get("imageReference") or {}
    ends = [
        datetime_of(entry.get("batchSupportEndOfLife"))
        for entry in supported
        if str(entry.get("nodeAgentSKUId")).lower() == agent.lower() and is_about(entry, image)
    ]
    end = max((end for end in ends if end), default=None)
    # One of several entries without an end is one that is supported on.
    if end is None or None in ends or end - NOTICE > now:
        return []
    tense = "ended" if end <= now else "ends"
    said = (
        f"pool {pool['id']}: Azure Batch's support of its node image ({agent}) {tense} on {end:%Y-%m-%d}; "
        "after that new nodes may not start. Set SENSOR_SCORING_NODE_IMAGE_SKU and "
        "SENSOR_SCORING_NODE_AGENT_SKU to a newer image, and SENSOR_SCORING_POOL_ID to a new pool"
    )
    return [said]


def is_about(entry: Mapping[str, Any], image: Mapping[str, Any]) -> bool:
    """Whether an entry is about a pool's image; an image of one's own is known by its node agent alone."""
    listed = entry.get("imageReference") or {}
    return all(
        not image.get(part) or str(image[part]).lower() == str(listed.get(part)).lower()
        for part in ("publisher", "offer", "sku")
    )
