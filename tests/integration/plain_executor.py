"""An executor without callbacks, like the KubernetesExecutor, for a test's scheduler."""

from __future__ import annotations

from airflow.executors.local_executor import LocalExecutor


class PlainExecutor(LocalExecutor):
    """Runs only task instances."""

    supports_callbacks = False
