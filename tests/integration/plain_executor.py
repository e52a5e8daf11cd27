"""An executor that runs no callbacks, as KubernetesExecutor and others: for the scheduler of a test."""

from __future__ import annotations

from airflow.executors.local_executor import LocalExecutor


class PlainExecutor(LocalExecutor):
    """Runs task instances, and nothing else."""

    supports_callbacks = False
