"""The Batch emulator in a thread with a stopped clock, and the product's own hook."""

from __future__ import annotations

import json
import shlex
from contextlib import ExitStack
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from azure_batch_emulator.clock import ManualClock
from azure_batch_emulator.server import EmulatorServer
from sensor_scoring.azure_batch.hook import ScoringBatchHook
from sensor_scoring.azure_batch.task import BatchTaskTemplate, Grants, Names
from tests.sensor_scoring.api_server import running_api_server
from tests.support.blob_storage import empty
from tests.support.certificates import Certificate
from tests.support.token_endpoint import token_endpoint
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from local_stack.services.azurite import BlobStorage
    from tests.sensor_scoring.api_server import ApiServer

BATCH_CONN, WASB_CONN = "batch_for_tests", "wasb_for_tests"
POOL, JOB = "pool", "scoring-20180829T02-0123456789-g2"
_DEADLINE_SECONDS = 120.0


class Account:
    """A Batch account: the emulator, and the hook that talks to it."""

    def __init__(self, emulator: EmulatorServer) -> None:
        self.emulator = emulator
        self.hook = ScoringBatchHook(BATCH_CONN)

    @property
    def client(self) -> Any:
        """The SDK's client, as the hook made it."""
        return self.hook.connection

    def pool(self, *, nodes: int = 1, slots: int = 4, **options: Any) -> None:
        """Make a pool without containers; its nodes are idle at once."""
        body = {
            "id": POOL,
            "vmSize": "standard_d2s_v5",
            "virtualMachineConfiguration": {
                "imageReference": {"publisher": "p", "offer": "o", "sku": "s", "version": "latest"},
                "nodeAgentSKUId": "batch.node.ubuntu 22.04",
            },
            "taskSlotsPerNode": slots,
            "targetDedicatedNodes": nodes,
            **options,
        }
        self.client.create_pool(body)

    def job(self, job_id: str = JOB) -> str:
        """Make an active job."""
        self.client.create_job({"id": job_id, "poolInfo": {"poolId": POOL}})
        return job_id

    def add(self, task_id: str, script: str, *, job: str = JOB) -> None:
        """Add a Batch task that runs a shell script."""
        template = BatchTaskTemplate(command=["/bin/sh", "-c", script])
        self.hook.add_task(job, template.request(Names(item=task_id, job=job, task=task_id), Grants()))

    def state(self, task_id: str, *, job: str = JOB) -> str:
        """Return the state of a Batch task."""
        return str(self.client.get_task(job, task_id)["state"])

    def ended(self, task_id: str, *, job: str = JOB) -> None:
        """Wait until a Batch task has ended."""
        until(lambda: self.state(task_id, job=job) == "completed")

    def running(self, task_id: str, *, job: str = JOB) -> None:
        """Wait until a Batch task runs."""
        until(lambda: self.state(task_id, job=job) == "running")

    def waiting(self, task_id: str, *, job: str = JOB) -> None:
        """Wait until a Batch task waits for a node."""
        until(lambda: self.state(task_id, job=job) == "active")

    def advance(self, **span: float) -> None:
        """Turn the emulator's clock."""
        self.emulator.advance(timedelta(**span))


def batch_connection(endpoint: str, *, account: str, key: str) -> str:
    """Write an Airflow connection to a Batch account, as the emulator's management plane, too."""
    return json.dumps(
        {
            "conn_type": "azure_batch",
            "login": account,
            "password": key,
            "extra": {"account_url": endpoint, "resource_manager_url": endpoint},
        }
    )


@pytest.fixture
def account_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Account]]:
    """Return a function that runs an emulator with a test's own settings."""
    opened: list[EmulatorServer] = []

    def start(**settings: Any) -> Account:
        defaults = {"clock": ManualClock(), "boot": timedelta(), "stop_grace": timedelta(seconds=0.5)}
        emulator = EmulatorServer(data=tmp_path / "batch", **{**defaults, **settings}).__enter__()
        opened.append(emulator)
        connection = batch_connection(emulator.endpoint, account=emulator.account, key=emulator.key)
        monkeypatch.setenv(f"AIRFLOW_CONN_{BATCH_CONN.upper()}", connection)
        return Account(emulator)

    yield start
    for emulator in opened:
        emulator.__exit__(None, None, None)


@pytest.fixture
def account(account_with: Callable[..., Account]) -> Account:
    """Run an emulator."""
    return account_with()


@pytest.fixture
def managed_with(
    account_with: Callable[..., Account], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Account]]:
    """Return a function that runs an emulator for clients with tokens, which are sent over https alone."""
    certificate = Certificate.made_in(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate.authority))
    secured = {"certificate": certificate.file, "certificate_key": certificate.key, "allow_bearer": True}
    with token_endpoint() as environ, ExitStack() as hooks:
        for name, value in environ.items():
            monkeypatch.setenv(name, value)

        def start(**settings: Any) -> Account:
            account = account_with(**{**secured, **settings})
            # The emulator waits for whoever is connected over TLS.
            hooks.callback(account.hook.close)
            return account

        yield start


@pytest.fixture
def managed(managed_with: Callable[..., Account]) -> Account:
    """Run such an emulator."""
    return managed_with()


@pytest.fixture
def ready(account: Account) -> Account:
    """Run an emulator with a pool of one node and an active job."""
    account.pool()
    account.job()
    return account


@pytest.fixture
def storage(azurite: BlobStorage, monkeypatch: pytest.MonkeyPatch) -> BlobStorage:
    """Point Airflow's connection at an empty Azurite: all tests of a process share it."""
    empty(azurite)
    connection = {"conn_type": "wasb", "extra": {"connection_string": azurite.connection_string}}
    monkeypatch.setenv(f"AIRFLOW_CONN_{WASB_CONN.upper()}", json.dumps(connection))
    return azurite


@pytest.fixture(scope="session")
def api_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """Run an api-server of Airflow with our plugin."""
    with running_api_server(tmp_path_factory.mktemp("api-server")) as server:
        yield server


def script_of(*words: str) -> str:
    """Turn words into a shell script."""
    return shlex.join(words)
