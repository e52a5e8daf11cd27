"""Links from a task instance to what it is about: pages of our own, which ``ui`` serves below :data:`PREFIX`.

Azure's portal has no documented address for a Batch task, a blob of a private container cannot be opened by
its URL, and the emulator has no portal. Our pages are the same everywhere, for all who may see the DAG.

Airflow asks for a link at the end of every try, a deferral too, and keeps it as an XCom.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from airflow.sdk import BaseOperatorLink
from airflow.sdk.configuration import conf

from sensor_scoring.settings import Settings

if TYPE_CHECKING:
    from sensor_scoring.batch_task import Names

PREFIX = "/sensor-scoring"
"""Where the pages are, below the api-server's address."""


class BatchTaskLink(BaseOperatorLink):
    """What Azure Batch says of the Batch task."""

    name = "Batch task"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the address; empty if this try never came to know its Batch task."""
        # The pages know the deployment's accounts, and no others.
        if operator.held is None or operator.azure_batch_conn_id != _settings().batch_conn_id:
            return ""
        return self.address(job_address(ti_key, operator.held), operator.held)

    @staticmethod
    def address(job: str, names: Names) -> str:
        """Complete the address of the Batch job."""
        return f"{job}/batch-tasks/{_part(names.task)}"


class StdoutLink(BatchTaskLink):
    """What it printed."""

    name = "stdout"

    @staticmethod
    def address(job: str, names: Names) -> str:
        """Complete the address of the Batch job."""
        return f"{job}/batch-tasks/{_part(names.task)}/files/stdout.txt"


class PredictionsLink(BatchTaskLink):
    """What it predicted."""

    name = "Predictions"

    @staticmethod
    def address(job: str, names: Names) -> str:
        """Complete the address of the Batch job."""
        return f"{job}/predictions/{_part(names.item)}"


def job_address(ti: Any, names: Names) -> str:
    """Return the path of what belongs to a Batch job, from the root of the web server.

    :param ti: the task instance; the pages refuse a job that is not its own
    """
    base = urlsplit(str(conf.get("api", "base_url", fallback=""))).path.rstrip("/")
    place = (("dags", ti.dag_id), ("runs", ti.run_id), ("tasks", ti.task_id), ("jobs", names.job))
    return base + PREFIX + "".join(f"/{kind}/{_part(name)}" for kind, name in place)


def _part(text: str) -> str:
    return quote(text, safe="")


def _settings() -> Settings:
    return Settings.from_environ(os.environ)
