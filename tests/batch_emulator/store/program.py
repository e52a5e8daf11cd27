"""The emulator's program on one folder and port: started, killed, started again."""

from __future__ import annotations

import json
import os
import random
import shlex
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azure.batch import BatchClient, models
from azure.core.credentials import AzureNamedKeyCredential

from tests.support.waiting import until

if TYPE_CHECKING:
    import signal

PACKAGE_ROOT = Path(__file__).resolve().parents[3] / "batch_emulator"
ACCOUNT, KEY = "acct", "c29tZSBrZXk="
EXIT_SECONDS = 30.0
BOOT_SECONDS = "0.2"
PORTS = range(21_000, 31_000)
"""Below those that systems give to clients."""


class Program:
    """The emulator as a separate process, always with the same key, port and folder."""

    models = models

    def __init__(self, data: Path, port: int) -> None:
        self.data = data
        self.port = port
        self.client = BatchClient(
            f"http://127.0.0.1:{port}", AzureNamedKeyCredential(ACCOUNT, KEY), retry_total=0
        )
        self._started: list[subprocess.Popen[str]] = []

    def launch(self, *, account: str = ACCOUNT, port: int | None = None) -> subprocess.Popen[str]:
        """Start the program without waiting for it."""
        options = {"--data": self.data, "--account": account, "--port": self.port if port is None else port}
        options |= {"--boot-seconds": BOOT_SECONDS, "--stop-grace-seconds": "0.5"}
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "azure_batch_emulator",
                *(str(each) for pair in options.items() for each in pair),
            ],
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(PACKAGE_ROOT),
                "AZURE_BATCH_EMULATOR_KEY": KEY,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._started.append(process)
        return process

    def start(self) -> subprocess.Popen[str]:
        """Start the program and wait until it is ready."""
        process = self.launch()
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.communicate()
        assert json.loads(line)["endpoint"].endswith(f":{self.port}")
        return process

    def refused(self, **options: Any) -> str:
        """Start the program where it must refuse; return its one sentence."""
        process = self.launch(**options)
        out, err = process.communicate(timeout=EXIT_SECONDS)
        assert (out, process.returncode, len(err.splitlines())) == ("", 2, 1)
        return err

    @staticmethod
    def end(process: subprocess.Popen[str], number: signal.Signals) -> None:
        """End a program, gracefully or with a kill."""
        process.send_signal(number)
        process.wait(EXIT_SECONDS)

    def close(self) -> None:
        """Kill what is left."""
        self.client.close()
        for process in self._started:
            process.kill()
            process.communicate()

    def pool(self, *, nodes: int = 1, slots: int = 1) -> None:
        """Make a pool."""
        image = models.BatchVmImageReference(publisher="p", offer="o", sku="s", version="latest")
        machine = models.VirtualMachineConfiguration(image_reference=image, node_agent_sku_id="n")
        self.client.create_pool(
            models.BatchPoolCreateOptions(
                id="pool",
                vm_size="standard_d4s_v3",
                virtual_machine_configuration=machine,
                target_dedicated_nodes=nodes,
                task_slots_per_node=slots,
            )
        )

    def job(self) -> None:
        """Make a job."""
        self.client.create_job(
            models.BatchJobCreateOptions(id="job", pool_info=models.BatchPoolInfo(pool_id="pool"))
        )

    def tasks(self, script: str, ids: list[str]) -> None:
        """Add tasks that run a shell script, in collections of a hundred."""
        command = f"/bin/sh -c {shlex.quote(script)}"
        tasks = [models.BatchTaskCreateOptions(id=task_id, command_line=command) for task_id in ids]
        for first in range(0, len(tasks), 100):
            self.client.create_task_collection(
                "job", models.BatchTaskGroup(task_values=tasks[first : first + 100])
            )

    def listed(self, state: str | None = None) -> dict[str, Any]:
        """List the tasks of the job by id."""
        wanted = f"state eq '{state}'" if state else None
        return {task.id: task for task in self.client.list_tasks("job", filter=wanted)}

    until = staticmethod(until)


def free_port() -> int:
    """Find a free port that no client gets while the program is down."""
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("all ports are taken")
