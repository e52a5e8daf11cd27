"""Drives a Batch account through the SDK, both its clients: ``python drive.py ENDPOINT ACCOUNT``.

The key comes in ``BATCH_KEY``. Prints one line of JSON with what it saw.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time

from azure.batch import BatchClient, models
from azure.batch.aio import BatchClient as AsyncBatchClient
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import HttpResponseError

ENDPOINT, ACCOUNT = sys.argv[1:]
CREDENTIAL = AzureNamedKeyCredential(ACCOUNT, os.environ["BATCH_KEY"])


def main() -> None:
    """Create a pool, a job and tasks; wait, read, delete."""
    client = BatchClient(ENDPOINT, CREDENTIAL)
    image = models.BatchVmImageReference(
        publisher="microsoft-dsvm", offer="ubuntu-hpc", sku="2204", version="latest"
    )
    machine = models.VirtualMachineConfiguration(
        image_reference=image, node_agent_sku_id="batch.node.ubuntu 22.04"
    )
    client.create_pool(
        models.BatchPoolCreateOptions(
            id="sdk",
            vm_size="standard_d2s_v5",
            target_dedicated_nodes=1,
            virtual_machine_configuration=machine,
        )
    )
    client.create_job(models.BatchJobCreateOptions(id="sdk", pool_info=models.BatchPoolInfo(pool_id="sdk")))
    client.create_task("sdk", models.BatchTaskCreateOptions(id="one", command_line="/bin/sh -c 'echo hello'"))
    many = [
        models.BatchTaskCreateOptions(id=name, command_line="/bin/true") for name in ("two", "three", "four")
    ]
    added = client.create_task_collection("sdk", models.BatchTaskGroup(task_values=many))
    completed: list[str] = []
    while len(completed) < len(many) + 1:
        time.sleep(0.05)
        completed = asyncio.run(completed_tasks())
    printed = b"".join(client.download_task_file("sdk", "one", "stdout.txt")).decode()
    client.delete_task("sdk", "one")
    client.begin_delete_job("sdk").wait()
    client.begin_delete_pool("sdk").wait()
    facts = {
        "added": [result.status for result in added.result_values or []],
        "completed": sorted(completed),
        "printed": printed,
        "refused": refusal(client),
    }
    sys.stdout.write(json.dumps(facts) + "\n")


async def completed_tasks() -> list[str]:
    """List the completed tasks with the asynchronous client."""
    async with AsyncBatchClient(ENDPOINT, CREDENTIAL) as client:
        tasks = client.list_tasks(
            "sdk", filter="state eq 'completed'", select=["id", "state"], max_results=100
        )
        return [task.id async for task in tasks]


def refusal(client: BatchClient) -> str:
    """Request something that is gone; return the service's error code."""
    try:
        client.get_task("sdk", "one")
    except HttpResponseError as error:
        return str(error.model.code) if error.model else ""
    return ""


if __name__ == "__main__":
    main()
