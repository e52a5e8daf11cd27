"""The Batch pool as we request it. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sensor_scoring.azure_batch.made_by import MADE_BY
from sensor_scoring.setting_values.node_image import UBUNTU_24_04, NodeImage

if TYPE_CHECKING:
    from sensor_scoring.azure_batch.pool.autoscale import AutoscalePolicy
    from sensor_scoring.azure_batch.pool.mounts import Mount

EVALUATION_INTERVAL = timedelta(minutes=5)
"""The shortest the service allows; its default of 15 minutes would let a quarter of the hour pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSpec:
    """A pool of nodes that run containers.

    :param policy: how it scales
    :param image: container image to pull when a node starts
    :param registry_server: its private registry; empty for none
    :param identity: resource id of the identity of its nodes, which pulls the image; empty for none
    :param account_id: resource id of its Batch account, which makes a pool with an identity; empty if unknown
    :param node_image: image of the nodes of a pool that we make
    :param mounts: file systems that its nodes need
    """

    pool_id: str
    vm_size: str
    policy: AutoscalePolicy
    image: str
    registry_server: str = ""
    identity: str = ""
    account_id: str = ""
    node_image: NodeImage = UBUNTU_24_04
    mounts: tuple[Mount, ...] = ()

    def request(self, formula: str) -> dict[str, Any]:
        """Write the pool as the Batch API wants it, with the account keys of its mounts: never log it.

        :raises SettingsError: if a mount needs a key that its connection does not have
        """
        containers: dict[str, Any] = {"type": "dockerCompatible", "containerImageNames": [self.image]}
        if self.registry_server:
            registry: dict[str, Any] = {"registryServer": self.registry_server}
            if self.identity:
                registry["identityReference"] = {"resourceId": self.identity}
            containers["containerRegistries"] = [registry]
        return {
            "id": self.pool_id,
            "vmSize": self.vm_size,
            "virtualMachineConfiguration": {
                **self.node_image.request(),
                "containerConfiguration": containers,
            },
            "taskSlotsPerNode": self.policy.slots_per_node,
            # Full nodes first: an empty node can be given back, two half-empty ones cannot.
            "taskSchedulingPolicy": {"nodeFillType": "pack"},
            "enableAutoScale": True,
            "autoScaleFormula": formula,
            "autoScaleEvaluationInterval": f"PT{EVALUATION_INTERVAL // timedelta(minutes=1)}M",
            "metadata": [MADE_BY],
            **({"mountConfiguration": [mount.request() for mount in self.mounts]} if self.mounts else {}),
        }

    def resource(self, formula: str) -> dict[str, Any]:
        """Write the pool, with the identity of its nodes, as Azure Resource Manager wants it: never log it.

        :raises SettingsError: if a mount needs a key that its connection does not have
        """
        asked = self.request(formula)
        machine, filling = asked.pop("virtualMachineConfiguration"), asked.pop("taskSchedulingPolicy")
        machine["nodeAgentSkuId"] = machine.pop("nodeAgentSKUId")
        machine["containerConfiguration"]["type"] = "DockerCompatible"
        del asked["id"], asked["enableAutoScale"]
        scale = {
            "formula": asked.pop("autoScaleFormula"),
            "evaluationInterval": asked.pop("autoScaleEvaluationInterval"),
        }
        return {
            "identity": {"type": "UserAssigned", "userAssignedIdentities": {self.identity: {}}},
            "properties": {
                "deploymentConfiguration": {"virtualMachineConfiguration": machine},
                "scaleSettings": {"autoScale": scale},
                "taskSchedulingPolicy": {"nodeFillType": filling["nodeFillType"].capitalize()},
                # The two name the rest alike.
                **asked,
            },
        }
