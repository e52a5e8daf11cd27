"""An emulator with a stopped clock, the real SDK, and builders with sensible defaults."""

from __future__ import annotations

import shlex
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from azure.batch import BatchClient, models
from azure.batch.models._models import (  # 15.1.0 exports them nowhere else
    BatchJobTerminateOptions,
    BatchNodeDeallocateOptions,
    BatchNodeRebootOptions,
    BatchNodeReimageOptions,
)
from azure.core.credentials import AzureNamedKeyCredential

from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure.core.polling import LROPoller

    from azure_batch_emulator.server import EmulatorServer

POLL_SECONDS = 0.02
WAIT: dict[str, Any] = {"polling_interval": POLL_SECONDS}
"""How often the SDK's pollers ask. They take fractions of a second; their annotation says whole ones."""

_T = TypeVar("_T")


def present(value: _T | None) -> _T:
    """Return what the service must have sent; nearly everything in the SDK's models is optional."""
    assert value is not None, "the service left it out"
    return value


def client_of(emulator: EmulatorServer, *, key: str | None = None) -> BatchClient:
    """Make an unmodified SDK client that does not retry, so that errors show at once."""
    credential = AzureNamedKeyCredential(emulator.account, key or emulator.key)
    return BatchClient(emulator.endpoint, credential, retry_total=0)


class Bench:
    """An emulator with a stopped clock, a client, and shorthands for what tests need."""

    models = models

    def __init__(self, emulator: EmulatorServer, client: BatchClient) -> None:
        self.emulator = emulator
        self.client = client

    def machine(self, **options: Any) -> models.VirtualMachineConfiguration:
        """Describe a virtual machine."""
        image = models.BatchVmImageReference(publisher="canonical", offer="jammy", sku="22", version="latest")
        return models.VirtualMachineConfiguration(
            image_reference=image, node_agent_sku_id="batch.node.ubuntu 22.04", **options
        )

    def pool(self, pool_id: str = "pool", *, nodes: int | None = 1, slots: int = 1, **options: Any) -> None:
        """Make a pool; its nodes are idle at once, because booting takes no time by default."""
        options.setdefault("virtual_machine_configuration", self.machine())
        options.setdefault("vm_size", "standard_d4s_v3")
        self.client.create_pool(
            models.BatchPoolCreateOptions(
                id=pool_id, target_dedicated_nodes=nodes, task_slots_per_node=slots, **options
            )
        )

    def job(self, job_id: str = "job", *, pool: str = "pool", **options: Any) -> None:
        """Make a job."""
        info = models.BatchPoolInfo(pool_id=pool)
        self.client.create_job(models.BatchJobCreateOptions(id=job_id, pool_info=info, **options))

    def task_options(self, command: str = "/bin/true", task_id: str = "task", **options: Any) -> Any:
        """Describe a task."""
        return models.BatchTaskCreateOptions(id=task_id, command_line=command, **options)

    def task(
        self, command: str = "/bin/true", task_id: str = "task", *, job: str = "job", **options: Any
    ) -> None:
        """Add a task."""
        self.client.create_task(job, self.task_options(command, task_id, **options))

    def run(self, command: str, task_id: str = "task", *, job: str = "job", **options: Any) -> Any:
        """Add a task and wait until it is completed."""
        self.task(command, task_id, job=job, **options)
        return self.ended(task_id, job=job)

    def ended(self, task_id: str = "task", *, job: str = "job") -> Any:
        """Wait until a task is completed, and return it."""
        return until(lambda: self.in_state("completed", task_id, job=job))

    def running(self, task_id: str = "task", *, job: str = "job") -> Any:
        """Wait until a task's command has written ``up`` to its output, and return the task."""
        until(lambda: self.output(task_id, job=job).startswith("up"))
        return self.client.get_task(job, task_id)

    def execution(self, task_id: str = "task", *, job: str = "job") -> models.BatchTaskExecutionInfo:
        """Return how a task ran."""
        return present(self.client.get_task(job, task_id).execution_info)

    def failure(self, task_id: str = "task", *, job: str = "job") -> models.BatchTaskFailureInfo:
        """Return why a task failed."""
        return present(self.execution(task_id, job=job).failure_info)

    def termination_reason(self, job: str = "job") -> str | None:
        """Return the reason for which a job ended."""
        return present(self.client.get_job(job).execution_info).termination_reason

    def autoscale_run(self, pool: str = "pool") -> models.AutoScaleRun:
        """Return the last evaluation of a pool's formula."""
        return present(self.client.get_pool(pool).auto_scale_run)

    def resize_errors(self, pool: str = "pool") -> list[str | None]:
        """Return the codes of the errors of a pool's last resize."""
        return [error.code for error in self.client.get_pool(pool).resize_errors or ()]

    def terminate(self, job: str = "job", reason: str = "done") -> LROPoller[None]:
        """Begin to terminate a job."""
        options = BatchJobTerminateOptions(termination_reason=reason)
        return self.client.begin_terminate_job(job, options, **WAIT)

    def resize(self, nodes: int, pool: str = "pool") -> LROPoller[None]:
        """Begin to give a pool another number of dedicated nodes."""
        options = models.BatchPoolResizeOptions(target_dedicated_nodes=nodes)
        return self.client.begin_resize_pool(pool, options, **WAIT)

    def reboot(self, node: str, pool: str = "pool") -> LROPoller[None]:
        """Begin to reboot a node; its tasks run again."""
        options = BatchNodeRebootOptions(node_reboot_kind="requeue")
        return self.client.begin_reboot_node(pool, node, options, **WAIT)

    def reimage(self, node: str, pool: str = "pool") -> LROPoller[None]:
        """Begin to reimage a node; its tasks run again."""
        options = BatchNodeReimageOptions(node_reimage_option="requeue")
        return self.client.begin_reimage_node(pool, node, options, **WAIT)

    def deallocate(self, node: str, pool: str = "pool") -> LROPoller[None]:
        """Begin to deallocate a node; its tasks run again."""
        options = BatchNodeDeallocateOptions(node_deallocate_option="requeue")
        return self.client.begin_deallocate_node(pool, node, options, **WAIT)

    def close_node(self, node: str, option: str = "requeue", pool: str = "pool") -> None:
        """Take a node out of scheduling."""
        options = models.BatchNodeDisableSchedulingOptions(node_disable_scheduling_option=option)
        self.client.disable_node_scheduling(pool, node, options)

    def in_state(self, state: str, task_id: str = "task", *, job: str = "job") -> Any:
        """Return a task if it is in a state, else None."""
        task = self.client.get_task(job, task_id)
        return task if task.state == state else None

    def output(self, task_id: str = "task", *, job: str = "job", file: str = "stdout.txt") -> str:
        """Read a file of a task; empty while there is none."""
        names = {found.name for found in self.files(task_id, job=job)}
        if file not in names:
            return ""
        return b"".join(self.client.download_task_file(job, task_id, file)).decode()

    def files(self, task_id: str = "task", *, job: str = "job") -> list[Any]:
        """List all files of a task; none while it has not run."""
        if self.client.get_task(job, task_id).node_info is None:
            return []
        return list(self.client.list_task_files(job, task_id, recursive=True))

    def nodes(self, pool: str = "pool") -> list[Any]:
        """List the nodes of a pool."""
        return list(self.client.list_nodes(pool))

    def advance(self, **span: float) -> None:
        """Turn the emulator's clock."""
        self.emulator.advance(timedelta(**span))

    def turn(self, **span: float) -> None:
        """Turn the clock, and let everything due at that moment happen too."""
        self.advance(**span)
        self.advance(seconds=0)

    @staticmethod
    def until(condition: Callable[[], Any]) -> Any:
        """Wait until a condition is true; return its result."""
        return until(condition)

    @staticmethod
    def sh(script: str) -> str:
        """Write a command line that runs a shell script."""
        return f"/bin/sh -c {shlex.quote(script)}"
