"""The Batch task that scores: the operators' arguments for the scorer, from settings and contract."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, TypedDict

from scoring_contract.access import mount_url, variable_of
from scoring_contract.layout import Container
from scoring_contract.messages.invocation import PROGRAM, ExitCode, ScoreInvocation
from sensor_scoring.setting_values.mount_sources import mount_paths

if TYPE_CHECKING:
    from sensor_scoring.settings import Settings

REPORT_BLOB = "{run}/reports/{job}/{task}.json"
"""As :func:`scoring_contract.layout.report_blob`, with the operators' placeholders."""
MANIFEST_BLOB = "{run}/manifests/{item}.json"
"""As :func:`scoring_contract.layout.manifest_blob`, likewise."""
PERMANENT_EXIT_CODES = (ExitCode.ORDER, ExitCode.MODEL, ExitCode.DATA)
"""Causes that another try would meet again."""


class BatchTaskArguments(TypedDict):
    """Arguments of :class:`sensor_scoring.azure_batch.batch_operator.BatchOperator`."""

    command: list[str]
    image: str
    registry_server: str
    environment: dict[str, str]
    containers: dict[str, str]
    blobs: dict[str, dict[str, str]]
    log_container: str
    max_wall_clock: timedelta
    node_identity: str
    node_identity_client_id: str
    azure_batch_conn_id: str
    wasb_conn_id: str


class CommitArguments(TypedDict):
    """Arguments of :class:`sensor_scoring.azure_batch.operators.AzureBatchTaskOperator`."""

    commit_blob: str
    commit_container: str
    permanent_exit_codes: list[int]


def score_task(settings: Settings) -> BatchTaskArguments:
    """Return the arguments that submission and scoring share."""
    invocation = ScoreInvocation(manifest=MANIFEST_BLOB, report=REPORT_BLOB)
    mounted = {variable_of(container): mount_url(path) for container, path in mount_paths(settings).items()}
    # Names and digests are in the manifest, so the scorer needs no right to list.
    granted = {
        variable_of(Container.DATA): f"{settings.containers.data_container}:r",
        variable_of(Container.MODELS): f"{settings.containers.models_container}:r",
        variable_of(Container.PREDICTIONS): f"{settings.containers.predictions_container}:rw",
        variable_of(Container.RUNS): f"{settings.containers.runs_container}:rw",
    }
    return {
        "command": [*PROGRAM, *invocation.to_argv()],
        "image": settings.pool.scoring_image,
        "registry_server": settings.pool.registry_server,
        "environment": mounted,
        "containers": {variable: grant for variable, grant in granted.items() if variable not in mounted},
        "blobs": {},  # the operators find them in the manifests
        "log_container": settings.containers.logs_container,
        "max_wall_clock": timedelta(minutes=settings.hourly.task_minutes),
        "node_identity": settings.pool.node_identity,
        "node_identity_client_id": settings.pool.node_identity_client_id,
        "azure_batch_conn_id": settings.connections.batch_conn_id,
        "wasb_conn_id": settings.connections.wasb_conn_id,
    }


def commit_marker(settings: Settings) -> CommitArguments:
    """Return the arguments that make the report the marker of success."""
    return {
        "commit_blob": REPORT_BLOB,
        "commit_container": settings.containers.runs_container,
        "permanent_exit_codes": [int(code) for code in PERMANENT_EXIT_CODES],
    }
