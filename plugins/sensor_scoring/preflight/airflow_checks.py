"""Checks of Airflow: connections, the settings that wide runs need, the processes that must be alive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import Connection
from airflow.sdk.configuration import conf
from airflow.sdk.exceptions import AirflowNotFoundException

from sensor_scoring.airflow_config import FORK_SERVER, HEARTBEATS, PARSING, needs_of, unmet_of
from sensor_scoring.errors import RegistryMissing
from sensor_scoring.hourly.planning.packing import size_for
from sensor_scoring.preflight.finding import fine, missing, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor_scoring.preflight.deployment import Deployment
    from sensor_scoring.preflight.finding import Finding

_LOCAL = "LocalExecutor"
_PROCESSES = {
    "SchedulerJob": ("scheduler", "no task would be started"),
    "TriggererJob": ("triggerer", "what waits for Azure Batch would wait for ever"),
    "DagProcessorJob": ("dag-processor", "Airflow would know no DAG, or an old one"),
}


def connections(deployment: Deployment) -> Iterator[Finding]:
    """Look whether Airflow has the connections that the settings name."""
    names = deployment.settings.connections
    wanted = {
        names.wasb_conn_id: "--conn-type wasb --conn-host https://<account>.blob.core.windows.net",
        names.batch_conn_id: (
            "--conn-type azure_batch "
            '--conn-extra \'{"account_url": "https://<account>.<region>.batch.azure.com"}\''
        ),
    }
    lacking = [name for name in wanted if not _has_connection(name)]
    for name in lacking:
        yield missing(f"Airflow has no connection {name}", f"airflow connections add {name} {wanted[name]}")
    if not lacking:
        yield fine(f"Airflow has the connections {' and '.join(wanted)}")


def configuration(deployment: Deployment) -> Iterator[Finding]:
    """Look whether Airflow's own settings carry an hour of this fleet."""
    groups = _groups(deployment)
    unmet = unmet_of(needs_of(groups), conf.getint)
    for need, found in unmet:
        made = missing if need.is_fatal else warning
        yield made(need.describe(found), f"{need.variable}={need.least}")
    advised = {**PARSING, **HEARTBEATS, **(FORK_SERVER if _executor() == _LOCAL else {})}
    differing = {name: value for name, value in advised.items() if _option(name) != value}
    for name, value in differing.items():
        yield warning(f"{name} is {_option(name) or 'empty'}; {value} makes runs faster", f"{name}={value}")
    if not unmet and not differing:
        yield fine(f"Airflow's settings carry an hour of {groups:,} task instances")


def processes(deployment: Deployment) -> Iterator[Finding]:
    """Ask Airflow's database whether the processes that a run needs are alive."""
    if not deployment.has_database:
        # A task has no way to the database; that it runs shows that two of the three are alive.
        yield fine("the scheduler and the dag-processor are alive: they started this")
        return
    from airflow.jobs.job import most_recent_job  # noqa: PLC0415  its import needs a database

    dead = False
    for kind, (name, effect) in _PROCESSES.items():
        job = most_recent_job(kind)
        if job is None or not job.is_alive():
            dead = True
            yield missing(f"no {name} is alive: {effect}", f"airflow {name}")
    if not dead:
        yield fine("scheduler, triggerer and dag-processor are alive")


def _has_connection(name: str) -> bool:
    try:
        Connection.get(name)
    except AirflowNotFoundException:
        return False
    return True


def _groups(deployment: Deployment) -> int:
    """Return how many task instances an hour of the whole fleet has."""
    try:
        sensors = len(deployment.registry.sensors)
    except RegistryMissing:
        sensors = 0
    size = size_for(sensors, wanted=deployment.settings.hourly.sensors_per_task)
    return max(-(-sensors // size), 1)


def _executor() -> str:
    return str(conf.get("core", "executor")).rpartition(".")[2]


def _option(variable: str) -> str:
    _, section, option = variable.split("__", maxsplit=2)
    return str(conf.get(section.lower(), option.lower(), fallback=""))
