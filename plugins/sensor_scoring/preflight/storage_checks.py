"""Checks of the storage account: sign-in, containers, signatures, what is in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from scoring_contract import layout
from sensor_scoring.errors import RegistryMissing, StorageAccessRefused
from sensor_scoring.preflight.finding import fine, missing, warning
from sensor_scoring.roles import Role, on_storage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor_scoring.preflight.deployment import Deployment
    from sensor_scoring.preflight.finding import Finding

_SIGNATURE = timedelta(minutes=5)
_RECENT = timedelta(hours=3)


def containers(deployment: Deployment) -> Iterator[Finding]:
    """Look whether each container is there, and may be listed."""
    account, names = deployment.storage_account, deployment.settings.containers.names
    lacking = []
    try:
        lacking = [name for name in names if not deployment.store.has_container(name)]
    except StorageAccessRefused as error:
        yield missing(str(error), on_storage(Role.BLOBS, account))
        return
    for name in lacking:
        yield missing(
            f"the container {name} does not exist",
            f"az storage container create --auth-mode login --account-name {account} --name {name}",
        )
    if not lacking:
        yield fine(f"{account} has the containers {', '.join(names)}, and they may be listed")


def writing(deployment: Deployment) -> Iterator[Finding]:
    """Write a blob to each container, read it and delete it."""
    blob = f"_preflight/{uuid4().hex}"
    for name in deployment.settings.containers.names:
        try:
            deployment.store.write(name, blob, "preflight")
            is_read = deployment.store.read(name, blob) == b"preflight"
            is_deleted = deployment.store.delete(name, blob)
        except StorageAccessRefused as error:
            yield missing(str(error), on_storage(Role.BLOBS, deployment.storage_account))
            return
        if not (is_read and is_deleted):
            yield missing(
                f"what was written to {name}/{blob} could not be read again",
                "look for a policy or a program that changes or deletes new blobs",
            )
            return
    yield fine("each container took a blob, and gave it back")


def signatures(deployment: Deployment) -> Iterator[Finding]:
    """Look whether Batch tasks get what they need to reach storage."""
    name = deployment.settings.containers.data_container
    if deployment.settings.pool.node_identity:
        yield fine("Batch tasks sign in with the identity of their node; no signature is needed")
        return
    try:
        deployment.store.signed_url(name, permissions="r", lasts=_SIGNATURE)
    except StorageAccessRefused as error:
        yield missing(str(error), on_storage(Role.SIGNATURES, deployment.storage_account))
        return
    yield fine("signatures for Batch tasks can be made")


def models(deployment: Deployment) -> Iterator[Finding]:
    """Look whether there is a registry with models."""
    container = deployment.settings.containers.models_container
    try:
        registry = deployment.registry
    except RegistryMissing as error:
        yield missing(str(error), "airflow dags trigger train_models")
        return
    if not registry.sensors:
        yield missing(
            f"no sensor has a model in {container}/{layout.REGISTRY_BLOB}",
            "airflow dags trigger train_models",
        )
        return
    yield fine(f"{len(registry.sensors):,} sensors have a model")


def readings(deployment: Deployment) -> Iterator[Finding]:
    """Look whether readings arrive."""
    container, newest = deployment.settings.containers.data_container, deployment.newest_readings
    remedy = "start the devices, the event hub or the Stream Analytics job, or load files: docs/readings.md"
    if newest is None:
        yield missing(f"there are no readings in {container}/readings/", remedy)
        return
    age = datetime.now(UTC) - newest.end
    if age > _RECENT:
        yield warning(f"the newest readings are of {newest}, {age // timedelta(hours=1):,} hours ago", remedy)
    else:
        yield fine(f"the newest readings are of {newest}")
