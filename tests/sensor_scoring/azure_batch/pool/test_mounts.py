"""Mounts of a pool: what is asked of the service, with which secrets, and of a pool that is there."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from sensor_scoring.azure_batch.pool.autoscale import AutoscalePolicy
from sensor_scoring.azure_batch.pool.mounts import BlobMount, FileShareMount, NfsMount
from sensor_scoring.azure_batch.pool.spec import PoolSpec
from sensor_scoring.errors import PoolUnusable, SettingsError
from sensor_scoring.hourly.planning.capacity import pool_spec
from sensor_scoring.hourly.steps import ensure_pool_of
from sensor_scoring.hourly.task import score_task
from sensor_scoring.settings import Settings
from sensor_scoring.training.task import train_task

if TYPE_CHECKING:
    from sensor_scoring.azure_batch.pool.mounts import Mount
    from tests.sensor_scoring.conftest import Account

BATCH_CONN = "batch_for_tests"
KEY = "YSBzZWNyZXQga2V5"
IDENTITY = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i"
SHARE = "https://fleet.file.core.windows.net/readings"
BLOBS = {"SENSOR_SCORING_DATA_MOUNT": "blob", "SENSOR_SCORING_MODELS_MOUNT": "blob"}


@pytest.fixture(autouse=True)
def storage_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have connections to the storage account, with a key and with an identity."""
    for name, credentials in (("WASB_DEFAULT", {}), ("MOUNT_KEY", {"login": "fleet", "password": KEY})):
        connection = {"conn_type": "wasb", "host": "https://fleet.blob.core.windows.net", **credentials}
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", json.dumps(connection))


def settings_of(**changes: str) -> Settings:
    """Return settings with a connection for keys."""
    return Settings.from_environ({"SENSOR_SCORING_MOUNT_CONN_ID": "mount_key", **changes})


def requested(**changes: str) -> list[dict[str, Any]]:
    """Return the mounts of a pool that is made with settings."""
    return list(pool_spec(settings_of(**changes)).request("formula")["mountConfiguration"])


def test_containers_are_mounted_with_the_identity_of_the_nodes() -> None:
    """No key is asked for, and only what never changes is kept on a node."""
    data, models = requested(
        **BLOBS, SENSOR_SCORING_NODE_IDENTITY=IDENTITY, SENSOR_SCORING_MOUNT_CONN_ID="none"
    )
    for entry, container in ((data, "data"), (models, "models")):
        blobs = entry["azureBlobFileSystemConfiguration"]
        assert (blobs["accountName"], blobs["containerName"]) == ("fleet", container)
        assert blobs["relativeMountPath"] == container
        assert blobs["identityReference"] == {"resourceId": IDENTITY}
        assert "accountKey" not in blobs
        assert "--read-only=true --allow-other=true" in blobs["blobfuseOptions"]
    fresh = data["azureBlobFileSystemConfiguration"]["blobfuseOptions"]
    assert "--disable-kernel-cache=true --attr-cache-timeout=0 --file-cache-timeout=0" in fresh
    assert "--file-cache-timeout=86400" in models["azureBlobFileSystemConfiguration"]["blobfuseOptions"]


def test_without_an_identity_the_key_of_a_connection_mounts() -> None:
    """It is in the request and nowhere else."""
    settings = settings_of(**BLOBS)
    spec = pool_spec(settings)
    body = spec.request("formula")["mountConfiguration"]
    assert body[0]["azureBlobFileSystemConfiguration"]["accountKey"] == KEY
    assert KEY not in repr(spec)
    assert KEY not in json.dumps(score_task(settings), default=str)


def test_a_mount_that_needs_a_key_names_the_connection_without_one() -> None:
    """Before anything is asked of Azure Batch."""
    with pytest.raises(SettingsError, match="connection wasb_default has no account key"):
        requested(**BLOBS, SENSOR_SCORING_MOUNT_CONN_ID="")


@pytest.mark.parametrize(
    ("source", "kind", "facts"),
    [
        pytest.param(
            SHARE,
            "azureFileShareConfiguration",
            {"accountName": "fleet", "accountKey": KEY, "azureFileUrl": SHARE},
            id="Azure Files",
        ),
        pytest.param(
            "fleet.blob.core.windows.net:/fleet/data",
            "nfsMountConfiguration",
            {"source": "fleet.blob.core.windows.net:/fleet/data"},
            id="Blob Storage over NFS",
        ),
        pytest.param("10.0.0.4:/", "nfsMountConfiguration", {"source": "10.0.0.4:/"}, id="a server of NFS"),
    ],
)
def test_a_file_server_is_mounted_by_its_name(source: str, kind: str, facts: dict[str, str]) -> None:
    """Read only, and with attributes that are asked for each time."""
    (entry,) = requested(SENSOR_SCORING_DATA_MOUNT=source)
    assert entry[kind].items() >= facts.items()
    options = entry[kind]["mountOptions"].removeprefix("-o ").split(",")
    assert {"ro", "actimeo=0"} <= set(options)
    assert ("vers=3" in options) == source.startswith("fleet.blob")


@pytest.mark.parametrize(
    "source", ["data", "http://fleet.file.core.windows.net/s", "//server/share", "srv://x"]
)
def test_a_mount_of_no_kind_is_refused_by_its_setting(source: str) -> None:
    """Airflow says so when it starts, not a node in the middle of the night."""
    with pytest.raises(SettingsError, match="SENSOR_SCORING_MODELS_MOUNT"):
        settings_of(SENSOR_SCORING_MODELS_MOUNT=source)


def test_scoring_gets_mounts_in_place_of_signatures() -> None:
    """The Batch task has no address of a container that it reads below a mount; training reads none."""
    settings = settings_of(SENSOR_SCORING_DATA_MOUNT="blob")
    arguments = score_task(settings)
    assert arguments["environment"] == {"SCORING_DATA_URL": "mount:data"}
    assert sorted(arguments["containers"]) == [
        "SCORING_MODELS_URL",
        "SCORING_PREDICTIONS_URL",
        "SCORING_RUNS_URL",
    ]
    trains = train_task(settings)
    assert trains["environment"] == {}
    assert trains["containers"]["SCORING_DATA_URL"] == "data:r"
    assert score_task(Settings())["environment"] == {}


MOUNTS: list[Mount] = [
    NfsMount("data", "server:/export"),
    *pool_spec(settings_of(SENSOR_SCORING_DATA_MOUNT="blob")).mounts,
    *pool_spec(settings_of(SENSOR_SCORING_DATA_MOUNT=SHARE)).mounts,
]


@pytest.mark.parametrize("mount", MOUNTS, ids=lambda mount: type(mount).__name__)
def test_a_pool_is_made_with_its_mounts_and_found_again(account: Account, mount: Mount) -> None:
    """The service takes the request; the next run finds the mount, and misses another one."""
    spec = PoolSpec(
        pool_id="pool",
        vm_size="standard_d2s_v5",
        policy=AutoscalePolicy(max_nodes=1, slots_per_node=4),
        image="sensor-scoring:latest",
        mounts=(mount,),
    )
    account.hook.pools.ensure(spec)
    (found,) = account.client.get_pool("pool").mount_configuration
    assert mount.is_in(found)
    assert KEY not in str(found)
    account.hook.pools.ensure(spec)
    elsewhere = replace(spec, mounts=(replace_path(mount),))
    with pytest.raises(PoolUnusable, match=f"pool pool does not mount {mount.source} at models"):
        account.hook.pools.ensure(elsewhere)


def replace_path(mount: Mount) -> Mount:
    """Return the mount at another path."""
    assert isinstance(mount, BlobMount | FileShareMount | NfsMount)
    return replace(mount, path="models")


@pytest.mark.behaviour("pool-without-mount")
def test_a_pool_of_before_is_not_given_tasks_that_cannot_work(account: Account) -> None:
    """It would fail every sensor; a pool that only trains needs no mount."""
    settings = replace(
        settings_of(SENSOR_SCORING_DATA_MOUNT="server:/export", SENSOR_SCORING_POOL_ID="pool"),
        connections=replace(Settings().connections, batch_conn_id=BATCH_CONN),
    )
    account.pool(nodes=0)
    with pytest.raises(PoolUnusable, match="does not mount server:/export at data"):
        ensure_pool_of("pool", "image:1", settings, batch_tasks=1)
    assert ensure_pool_of("another", "image:1", settings, batch_tasks=1) == "another"
    assert account.client.get_pool("another").mount_configuration is None
