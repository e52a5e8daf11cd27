"""What the KubernetesExecutor is to the scheduler and to task instances, without Kubernetes."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from airflow.executors.base_executor import BaseExecutor
from airflow.executors.workloads import ExecuteTask
from airflow.utils.state import TaskInstanceState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.executors.workloads import ExecutorWorkload
    from airflow.executors.workloads.types import WorkloadKey

_COMMAND = (sys.executable, "-m", "airflow.sdk.execution_time.execute_workload", "--json-string")


class PodExecutor(BaseExecutor):
    """Gives each task instance a process of its own, which runs the command that a pod runs.

    Nothing is loaded before it, it shares no memory with the scheduler, and there are no callbacks.
    """

    supports_ad_hoc_ti_run = True
    supports_callbacks = False
    is_local = False
    serve_logs = False

    def start(self) -> None:
        """Begin without any process."""
        self._pods: dict[WorkloadKey, subprocess.Popen[bytes]] = {}

    def _process_workloads(self, workload_items: Sequence[ExecutorWorkload]) -> None:
        for workload in workload_items:
            if not isinstance(workload, ExecuteTask):
                raise TypeError(f"without callbacks there are only tasks, and no {type(workload).__name__}")
            del self.queued_tasks[workload.ti.key]
            command = [*_COMMAND, workload.model_dump_json()]
            self._pods[workload.key] = subprocess.Popen(command)
            self.running.add(workload.key)

    def sync(self) -> None:
        """Report processes that have ended."""
        for key, pod in list(self._pods.items()):
            code = pod.poll()
            if code is not None:
                del self._pods[key]
                self.change_state(key, TaskInstanceState.FAILED if code else TaskInstanceState.SUCCESS)

    def end(self) -> None:
        """Wait for all processes."""
        for pod in self._pods.values():
            pod.wait()

    def terminate(self) -> None:
        """End all processes."""
        for pod in self._pods.values():
            pod.terminate()
        self.end()
