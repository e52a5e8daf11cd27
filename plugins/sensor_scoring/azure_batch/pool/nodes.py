"""Nodes of pools: restarted, or removed. Neither interrupts a Batch task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure.batch import models
from azure.batch.models._models import BatchNodeRebootOptions  # 15.1.0 exports it nowhere else

from sensor_scoring.service_errors import batch_explained

if TYPE_CHECKING:
    from collections.abc import Sequence

    from azure.batch import BatchClient


class NodeKeeper:
    """Nodes of one Batch account.

    :param client: the SDK's client
    :param conn_id: its connection, named in sentences
    """

    def __init__(self, client: BatchClient, *, conn_id: str) -> None:
        self._client = client
        self._conn_id = conn_id

    def reboot(self, pool_id: str, node_id: str) -> None:
        """Restart a node, once the Batch tasks on it have ended."""
        when = BatchNodeRebootOptions(node_reboot_kind="taskcompletion")
        with batch_explained(f"reboot node {node_id} of pool {pool_id}", self._conn_id):
            self._client.begin_reboot_node(pool_id, node_id, when)

    def remove(self, pool_id: str, node_ids: Sequence[str]) -> None:
        """Remove nodes, once the Batch tasks on them have ended; the pool takes it only while it is steady.

        :param node_ids: 100 at most
        """
        what = models.BatchNodeRemoveOptions(
            node_ids=list(node_ids),
            node_deallocation_option=models.BatchNodeDeallocationOption.TASK_COMPLETION,
        )
        with batch_explained(f"remove {len(node_ids)} nodes of pool {pool_id}", self._conn_id):
            self._client.begin_remove_nodes(pool_id, what)
