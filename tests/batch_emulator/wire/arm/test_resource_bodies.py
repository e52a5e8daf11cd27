"""Bodies of pools, from the SDK's typed models: each is accepted and shown again, or refused by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from azure.mgmt.batch import models

from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.server import TEST_ACCOUNT
from azure_batch_emulator.wire.arm.pool_bodies import body_of
from tests.batch_emulator.wire.arm.resource_manager import IDENTITY
from tests.batch_emulator.wire.bodies.sdk_bodies import (
    ALONE,
    VALUES,
    WITH,
    Samples,
    at,
    bodies_of,
    replaced,
    smallest,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.batch_emulator.bench import Bench
    from tests.batch_emulator.wire.arm.resource_manager import ResourceManager

VERSION = "2025-06-01"
GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/local"
APPLICATION = f"{GROUP}/providers/Microsoft.Batch/batchAccounts/{TEST_ACCOUNT}/applications/app"
IMAGE = {"publisher": "p", "offer": "o", "sku": "s"}
MACHINE = {"imageReference": IMAGE, "nodeAgentSkuId": "batch.node.ubuntu 24.04"}
SAMPLES = Samples(
    values={
        **{name: value for name, value in VALUES.items() if name != "id"},
        "formula": "$TargetDedicatedNodes = 0;",
        "settings": {"name": "value"},
        "protectedSettings": {"name": "value"},
        "userAssignedIdentities": {IDENTITY: {}},
        "relativeMountPath": "data",
        "pauseTimeBetweenBatches": "PT10M",
    },
    needed={
        "ImageReference": IMAGE,
        "Pool": {
            "properties": {
                "vmSize": "standard_d4s_v3",
                "deploymentConfiguration": {"virtualMachineConfiguration": MACHINE},
            }
        },
        "PoolProperties": {
            "vmSize": "standard_d4s_v3",
            "deploymentConfiguration": {"virtualMachineConfiguration": MACHINE},
        },
        "DeploymentConfiguration": {"virtualMachineConfiguration": MACHINE},
        "FixedScaleSettings": {"targetDedicatedNodes": 0},
        "UserIdentity": {"userName": "u"},
        "StartTask": {"commandLine": "/bin/true"},
        "ResourceFile": {"httpUrl": "http://127.0.0.1:9/file", "filePath": "file"},
        "ComputeNodeIdentityReference": {"resourceId": IDENTITY},
        "MountConfiguration": {
            "nfsMountConfiguration": {"source": "host:/data", "relativeMountPath": "data"}
        },
        "AzureBlobFileSystemConfiguration": {"accountKey": "a2V5"},
        "BatchPoolIdentity": {"userAssignedIdentities": {IDENTITY: {}}},
        "ApplicationPackageReference": {"id": APPLICATION},
    },
    alone={
        **ALONE,
        "id": ("publisher", "offer", "sku"),
        "autoUser": ("userName",),
        "storageContainerUrl": ("httpUrl",),
        "autoStorageContainerName": ("httpUrl",),
        "identityReference": ("accountKey",),
        "sasKey": ("accountKey",),
        **dict.fromkeys(
            (
                "azureBlobFileSystemConfiguration",
                "azureFileShareConfiguration",
                "cifsMountConfiguration",
            ),
            ("nfsMountConfiguration",),
        ),
    },
    together=WITH,
)
IMAGE_ID = VALUES["virtualMachineImageId"]
REFUSED = {("managedDisk", "securityProfile", "diskEncryptionSet")}
"""What the emulator does not do: for accounts whose nodes are in the user's subscription."""
NOT_SHOWN = frozenset(
    {
        *("password", "sshPrivateKey", "accountKey", "sasKey", "protectedSettings"),
        "nodeDeallocationOption",  # of the moment
    }
)
WRONG_TYPES: dict[type, tuple[Any, ...]] = {
    str: (5, True, [], {}),
    int: ("text", True, [], {}, 2**31),
    bool: ("true", 1, [], {}),
    list: ("text", 5, {}, [None]),
    dict: ("text", 5, [], {"surely-unknown": 1}),
}


def owner(path: tuple[str | int, ...]) -> str:
    """Return the name of the property whose object a field belongs to."""
    names = [name for name in path[:-1] if isinstance(name, str)]
    return names[-1] if names else ""


def bodies() -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
    """Return a body per field, with ids where a field ``id`` is another thing than an image."""
    for path, body in bodies_of(models.Pool, SAMPLES):
        own_id = {"imageReference": IMAGE_ID, "applicationPackages": APPLICATION}.get(owner(path))
        yield path, replaced(body, path, own_id) if path[-1] == "id" and own_id else body


def is_refused(path: tuple[str | int, ...]) -> bool:
    """Tell whether a field is, or is below, one that the emulator refuses."""
    names = tuple(name for name in path if isinstance(name, str))
    return any(names[begin : begin + len(part)] == part for part in REFUSED for begin in range(len(names)))


def test_every_field_is_accepted_or_refused_by_name() -> None:
    """Every field of a typed model is known, with values within the documented limits."""
    schema = body_of(VERSION, is_new=True)
    assert schema(smallest(models.Pool, SAMPLES)) is not None
    count = 0
    for path, body in bodies():
        count += 1
        if not is_refused(path):
            schema(body)
            continue
        with pytest.raises(ApiError) as refused:
            schema(body)
        assert (refused.value.status, refused.value.code) == (501, "NotImplemented")
        assert refused.value.values[0][1].endswith("securityProfile.diskEncryptionSet")
    assert count > 200


def test_every_field_of_a_wrong_type_is_refused() -> None:
    """A value of another type gives 400, and the error names the property as the body does."""
    schema = body_of(VERSION, is_new=True)
    anything = {"settings", "protectedSettings", "tags", "userAssignedIdentities"}
    for path, body in bodies():
        if is_refused(path) or anything.intersection(path) or path[-1] == "startTask":
            continue
        for value in WRONG_TYPES[type(at(body, path))]:
            if value == {} and isinstance(at(body, path), dict):
                continue
            with pytest.raises(ApiError) as refused:
                schema(replaced(body, path, value))
            assert refused.value.status == 400, (path, value)


def leaves(body: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """List the values at the ends of a body."""
    steps = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    found = [leaf for step, entry in steps for leaf in leaves(entry, (*path, step))]
    yield from found or [(path, body)]


def test_what_is_sent_is_what_is_shown(
    tmp_path: Path, bench_of: Callable[..., Bench], resources_of: Callable[[Bench], ResourceManager]
) -> None:
    """Every field comes back where it was put and as it was spelled, but for secrets."""
    bench = bench_of(allow_bearer=True, applications={("app", "text"): tmp_path})
    resources = resources_of(bench)
    for path, body in bodies():
        if is_refused(path):
            continue
        answer = resources.ask("PUT", "/pools/pool", json=body)
        assert answer.status_code == 200, (path, answer.text)
        for place, value in leaves(body):
            if NOT_SHOWN.isdisjoint(place) and value not in ({}, []):
                assert at(answer.json(), place) == value, (path, place)
        bench.emulator.reset()
