"""Passwords and keys of pools, jobs and tasks: accepted, stored, and never shown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from azure.batch.models import (
    BatchJobCreateOptions,
    BatchJobScheduleCreateOptions,
    BatchPoolCreateOptions,
    BatchTaskCreateOptions,
)

from azure_batch_emulator.runner.scripted import ScriptedRunner, succeed
from tests.batch_emulator.bench import present

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.batch_emulator.bench import Bench

SECRET = "c2VjcmV0"
REGISTRY = {"username": "me", "password": SECRET, "registryServer": "example.org"}
CONTAINER = {"imageName": "scorer:1", "registry": REGISTRY}
ACCOUNTS = [{"name": "ops", "password": SECRET, "linuxUserConfiguration": {"sshPrivateKey": SECRET}}]
MOUNTS = [
    {
        "azureBlobFileSystemConfiguration": {
            "accountName": "account",
            "containerName": "data",
            "relativeMountPath": "blobs",
            "sasKey": SECRET,
        }
    },
    {
        "azureFileShareConfiguration": {
            "accountName": "account",
            "azureFileUrl": "https://account.file.core.windows.net/share",
            "accountKey": SECRET,
            "relativeMountPath": "share",
        }
    },
    {
        "cifsMountConfiguration": {
            "username": "me",
            "source": "//server/share",
            "relativeMountPath": "cifs",
            "password": SECRET,
        }
    },
]
EXTENSION = {
    "name": "agent",
    "publisher": "Contoso",
    "type": "Agent",
    "settings": {"password": "not ours to judge"},
    "protectedSettings": {"token": SECRET},
}


def specification(bench: Bench) -> dict[str, Any]:
    """Describe a pool with a secret everywhere one is possible."""
    machine = bench.machine().as_dict()
    machine["containerConfiguration"] = {"type": "dockerCompatible", "containerRegistries": [REGISTRY]}
    machine["extensions"] = [EXTENSION]
    return {
        "vmSize": "standard_d4s_v3",
        "virtualMachineConfiguration": machine,
        "userAccounts": ACCOUNTS,
        "mountConfiguration": MOUNTS,
        "targetDedicatedNodes": 1,
        "startTask": {"commandLine": "start", "containerSettings": CONTAINER},
    }


def test_a_pool_is_shown_without_its_passwords_and_keys(bench: Bench) -> None:
    """Read, listed and on its nodes: names stay, and so do an extension's public settings."""
    bench.client.create_pool(BatchPoolCreateOptions({"id": "pool", **specification(bench)}))
    pool = bench.client.get_pool("pool")
    shown = [pool.as_dict(), *(each.as_dict() for each in bench.client.list_pools())]
    assert SECRET not in json.dumps([*shown, *(node.as_dict() for node in bench.nodes())])
    assert present(pool.user_accounts)[0].as_dict() == {"name": "ops", "linuxUserConfiguration": {}}
    machine = pool.as_dict()["virtualMachineConfiguration"]
    assert machine["extensions"][0]["settings"] == EXTENSION["settings"]
    assert machine["containerConfiguration"]["containerRegistries"][0]["username"] == "me"
    assert [next(iter(mount)) for mount in pool.as_dict()["mountConfiguration"]] == [
        next(iter(mount)) for mount in MOUNTS
    ]


def test_jobs_schedules_and_tasks_hide_them_too(bench_of: Callable[..., Bench]) -> None:
    """Auto pools appear in jobs and schedules, and registries in tasks."""
    bench = bench_of(runner=ScriptedRunner(succeed))
    pool = {"poolLifetimeOption": "job", "pool": {**specification(bench), "mountConfiguration": []}}
    manager = {
        "id": "manager",
        "commandLine": "manage",
        "containerSettings": CONTAINER,
        "killJobOnCompletion": False,
    }
    job = {"poolInfo": {"autoPoolSpecification": pool}, "jobManagerTask": manager}
    bench.client.create_job(BatchJobCreateOptions({"id": "job", **job}))
    schedule = {"id": "schedule", "schedule": {"recurrenceInterval": "P1D"}, "jobSpecification": job}
    bench.client.create_job_schedule(BatchJobScheduleCreateOptions(schedule))
    asked = {"id": "task", "commandLine": "", "containerSettings": CONTAINER}
    bench.client.create_task("job", BatchTaskCreateOptions(asked))
    task = bench.client.get_task("job", "task").as_dict()
    shown = [
        bench.client.get_job("job").as_dict(),
        bench.client.get_job_schedule("schedule").as_dict(),
        task,
        *(each.as_dict() for each in bench.client.list_tasks("job")),
    ]
    assert SECRET not in json.dumps(shown)
    assert task["containerSettings"]["registry"] == {"username": "me", "registryServer": "example.org"}
