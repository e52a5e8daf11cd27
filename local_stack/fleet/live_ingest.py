"""Devices, event hub and Stream Analytics job of a running stack: ``make up INGEST=1``."""

from __future__ import annotations

import json
import os
import secrets
import sys
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from azure.core.exceptions import ResourceExistsError

from ingest.event_hub import CONNECTION_VARIABLE
from ingest.stream_analytics.counts import ACCOUNT_FILE
from local_stack.bootstrap import ROOT
from local_stack.services.event_hub import HUB, KEY_NAME, running_event_hub
from local_stack.services.private_files import write_private
from local_stack.services.processes import Server
from scoring_contract.layout import Container

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from local_stack.services.azurite import BlobStorage
    from local_stack.services.event_hub import EventHub
    from local_stack.services.ports import Ports
    from local_stack.stack import Stack
    from local_stack.workspace import Workspace

DISTURBANCES = (
    *("--late", "1=240", "--twice-share", "0.001"),
    *("--disorder-share", "0.01", "--disorder-seconds", "25"),
)
"""One device is four minutes behind; some readings are sent twice, some are overtaken by others."""
_VALID = timedelta(days=365)


def environ_of(hub: EventHub, storage: BlobStorage) -> dict[str, str]:
    """Return the environment of the commands of ``ingest``."""
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "plugins"))),
        CONNECTION_VARIABLE: hub.connection_string,
        "INGEST_DATA_URL": storage.signed_url(Container.DATA, "rcwl", valid=_VALID),
        "INGEST_MODELS_URL": storage.signed_url(Container.MODELS, "rl", valid=_VALID),
    }


def leading_airflow(workspace: Workspace, ports: Ports) -> dict[str, str]:
    """Return the settings of Airflow's processes that name the event hub, which need not run yet."""
    key = _key(_events(workspace) / "key")
    connection = {
        "conn_type": "azure_event_hub",
        "host": "127.0.0.1",
        "port": ports.of("event-hub"),
        "schema": HUB,
        "login": KEY_NAME,
        "password": key,
        "extra": {"UseDevelopmentEmulator": True},
    }
    return {
        "AIRFLOW_CONN_EVENT_HUB_DEFAULT": json.dumps(connection),
        "SENSOR_SCORING_EVENT_HUB_CONN_ID": "event_hub_default",
    }


def account_of(workspace: Workspace) -> Path:
    """Return the file that says where the events went."""
    return _events(workspace) / "job" / ACCOUNT_FILE


@contextmanager
def running_ingest(stack: Stack, ports: Ports) -> Iterator[Server]:
    """Run all three; what one of them has not done goes on with its next start.

    :param ports: port to listen on
    :yield: the devices, to stop them
    :raises StackError: if the hub does not start
    """
    folder, logs = _events(stack.workspace), stack.workspace.logs
    ensure_packs(stack.storage)
    # A device that was off for hours does not send them all: that would be later than the job takes.
    (folder / "devices.json").unlink(missing_ok=True)
    with running_event_hub(
        folder / "hub", log=logs / "event-hub.log", port=ports.of("event-hub"), key=_key(folder / "key")
    ) as hub:
        environ = environ_of(hub, stack.storage)
        sending = ("--speed", "1", "--state", str(folder / "devices.json"), *DISTURBANCES)
        with (
            ingest_command("stream", environ, logs, "--state", str(folder / "job")),
            ingest_command("simulate", environ, logs, *sending) as devices,
        ):
            yield devices


def ingest_command(
    name: str, environ: Mapping[str, str], logs: Path, *options: str, reads_stdout: bool = False
) -> Server:
    """Start a command of ``ingest`` on an event hub.

    :param logs: folder for its output
    :param reads_stdout: whether the caller reads what it prints
    """
    words = [sys.executable, "-m", "ingest", name, "--event-hub", *options]
    log = logs / f"ingest-{name}.log"
    return Server(f"ingest {name}", words, log=log, environ=environ, reads_stdout=reads_stdout)


def _events(workspace: Workspace) -> Path:
    return workspace.root / "events"


def _key(file: Path) -> str:
    """Return the hub's key, made once: clients of an earlier start may still have it."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        write_private(file, secrets.token_urlsafe(32))
    return file.read_text()


def ensure_packs(storage: BlobStorage) -> None:
    """Upload reference data without packs, unless there is some: the job does not start without."""
    with storage.container(Container.MODELS) as models, suppress(ResourceExistsError):
        models.upload_blob("packs.csv", b"device,tag,pack,sensor\n")
