"""Links from a task instance to what it is about: pages of our own, which ``ui`` serves below :data:`PREFIX`.

Azure's portal documents an address for an account, none for a Batch task; a blob of a private container does
not open by its URL; the emulator and Azurite have no portal. Our pages are the same everywhere, and are there
for people who may see the DAG in Airflow and have no role in Azure.

Airflow asks for a link in the worker at the end of every try, also when it defers, and keeps it as an XCom.
So an address carries names only, never a signature; and what can be made of another one is in ``web_links``.
"""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit

from airflow.sdk import BaseOperatorLink
from airflow.sdk.configuration import conf

from sensor_scoring.azure_batch.addresses import BATCH_TASK_KEY, path_part
from sensor_scoring.settings import Settings

PREFIX = "/sensor-scoring"
"""Where the pages are, below the root of the web server."""


class BatchTaskLink(BaseOperatorLink):
    """Link to the Batch task of a try, as Azure Batch describes it."""

    name = "Batch task"

    @property
    def xcom_key(self) -> str:
        """Where the api-server finds the address, also for the links that it makes of it."""
        return BATCH_TASK_KEY

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the address; empty if this try never came to know its Batch task."""
        held, ours = operator.held, Settings.from_environ(os.environ).connections
        # The pages know the deployment's Batch account, and no other.
        if held is None or operator.azure_batch_conn_id != ours.batch_conn_id:
            return ""
        place = {"dags": ti_key.dag_id, "runs": ti_key.run_id, "tasks": ti_key.task_id}
        place |= {"jobs": held.job, "batch-tasks": held.task}
        page = "".join(f"/{kind}/{path_part(name)}" for kind, name in place.items())
        return f"{web_root()}{PREFIX}{page}?item={path_part(held.item)}"


class SummaryLink(BaseOperatorLink):
    """The outcome of the run, sensor by sensor; for a step that makes or reads it."""

    name = "Summary"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the address; empty if the run has no hour, and so no summary."""
        if not operator.run_base:
            return ""
        place = {"dags": ti_key.dag_id, "runs": ti_key.run_id, "summaries": operator.run_base}
        return web_root() + PREFIX + "".join(f"/{kind}/{path_part(name)}" for kind, name in place.items())


def web_root() -> str:
    """Return the path that Airflow's web server is served under, without its last slash."""
    # A path and no host: the browser knows better than a worker how it reached the server.
    return urlsplit(str(conf.get("api", "base_url", fallback=""))).path.rstrip("/")


def run_page(dag_id: str, run_id: str) -> str:
    """Return the whole address of a run's page in Airflow; empty unless ``[api] base_url`` says the host."""
    root = str(conf.get("api", "base_url", fallback="") or "").rstrip("/")
    return f"{root}/dags/{path_part(dag_id)}/runs/{path_part(run_id)}" if "://" in root else ""
