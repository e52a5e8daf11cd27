"""The stack that stays running, with Airflow's web UI: ``make up`` and ``make down``.

``up`` starts one process, the owner, which runs all parts and stops them when ``down`` stops it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, closing, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NoReturn

import psutil
from azure.core.exceptions import AzureError

from ingest.errors import IngestError
from local_stack.airflow.cluster import USER, running_cluster
from local_stack.bootstrap import DATA
from local_stack.kept_hours import last_hour
from local_stack.live_fleet import LiveFleet
from local_stack.live_ingest import account_of, running_ingest
from local_stack.services.family import family_of
from local_stack.services.ports import Ports
from local_stack.services.private_files import UMASK, private_folder, private_log, write_private
from local_stack.services.processes import StackError, started
from local_stack.services.remains import end_remains, record_family
from local_stack.services.supervisor import Supervisor
from local_stack.stack import running_stack
from local_stack.workspace import Workspace
from scoring_contract.layout import Container

if TYPE_CHECKING:
    from pathlib import Path

    from local_stack.services.processes import Server

STATE = DATA / "up.json"
LOG = DATA / "up.log"
FAMILY = DATA / "up.family.json"
_READY_SECONDS = 1800.0
"""Guard against hanging, like the next one; the end of the owner is noticed at once."""
_DOWN_SECONDS = 300.0
_BEAT_SECONDS = 1.0
_AIRFLOWS = ("AIRFLOW", "SENSOR_SCORING_")


@dataclass(frozen=True, slots=True)
class Standing:
    """A running stack."""

    pid: int
    """Process id of the owner."""
    address: str
    """URL of the web UI."""
    user: str
    password: str
    hour: str
    """Last hour with readings, which can be scored; empty if there is none."""
    batch: str
    """URL of the Batch account."""
    blobs: str
    """URL of the storage account."""
    environ: dict[str, str]
    """Environment variables of Airflow's processes."""
    events: str = ""
    """File that says where the events of its fleet went; empty if the fleet sends none."""


def up(*, ingest: bool = False) -> Standing:
    """Start the stack, unless it is running, and wait until the web UI responds.

    :param ingest: whether the simulated fleet sends events
    :raises StackError: with the end of the log, if it does not start
    """
    running = standing()
    if running is not None:
        return running
    end_remains(FAMILY)
    STATE.unlink(missing_ok=True)
    private_folder(DATA)
    with private_log(LOG) as log:
        owner = subprocess.Popen(
            [sys.executable, "-m", "local_stack", "serve", *(["--ingest"] if ingest else [])],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    deadline = time.monotonic() + _READY_SECONDS
    while (running := standing()) is None:
        if owner.poll() is not None or time.monotonic() > deadline:
            owner.terminate()
            owner.wait()
            raise StackError(f"the stack did not start:\n{_tail(LOG)}")
        record_family(FAMILY, owner.pid)
        time.sleep(0.2)
    record_family(FAMILY, owner.pid)
    return running


def down() -> bool:
    """Stop the stack, or what remains of one whose owner was killed.

    :return: whether there was one
    :raises StackError: if the owner does not end in time
    """
    running = standing()
    if running is None:
        return end_remains(FAMILY)
    os.kill(running.pid, signal.SIGTERM)
    deadline = time.monotonic() + _DOWN_SECONDS
    # Wait until the process id is free; a zombie still has it.
    while psutil.pid_exists(running.pid):
        if time.monotonic() > deadline:
            raise StackError(f"process {running.pid} does not end; its log is {LOG}")
        time.sleep(0.1)
    FAMILY.unlink(missing_ok=True)
    return True


def standing() -> Standing | None:
    """Return the running stack; None if there is none."""
    try:
        found = Standing(**json.loads(STATE.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return found if family_of(found.pid) else None


def restarts() -> list[str]:
    """Return the owner's log lines about parts that ended by themselves and were restarted."""
    lines = LOG.read_text(errors="replace").splitlines() if LOG.exists() else []
    return [line for line in lines if " was restarted" in line or " ended with code " in line]


def fleet_ended() -> Path:
    """Return the marker file of a stack without a simulated fleet."""
    return workspace().root / "own-readings"


def workspace() -> Workspace:
    """Return the workspace of the stack, whether it is running or not."""
    return Workspace(DATA / "worlds" / "standing", DATA / "results")


def serve(*, ingest: bool = False) -> None:
    """Run the parts until the process is stopped.

    :param ingest: whether the simulated fleet sends events
    :raises StackError: if a part does not start, or another run uses the workspace
    """
    # Airflow writes the password of the web UI with the default mode.
    os.umask(UMASK)
    ours = workspace()
    private_folder(ours.root)
    with ours.locked(), ExitStack() as parts:
        ports = Ports(ours.root / "ports.json")
        stack = parts.enter_context(running_stack(ours, ports=ports))
        fleet = LiveFleet(stack.storage, ended=fleet_ended(), sends_events=ingest)
        fleet.begin(stack, now=datetime.now(UTC))
        devices = parts.enter_context(running_ingest(stack, ports)) if ingest else None
        with closing(stack.storage.container(Container.DATA)) as data:
            hour = last_hour(data, now=datetime.now(UTC))
        cluster = parts.enter_context(running_cluster(stack, folder=ours.root, ports=ports))
        state = Standing(
            pid=os.getpid(),
            address=cluster.address,
            user=USER,
            password=cluster.password,
            hour=str(hour or ""),
            batch=stack.batch.endpoint,
            blobs=stack.storage.url,
            environ={
                name: value for name, value in cluster.airflow.environ().items() if name.startswith(_AIRFLOWS)
            },
            events=str(account_of(ours)) if ingest else "",
        )
        write_private(STATE, json.dumps(asdict(state), indent=2))
        parts.callback(STATE.unlink, missing_ok=True)
        # SIGTERM raises KeyboardInterrupt, here or anywhere above; the parts are stopped either way.
        with suppress(KeyboardInterrupt):
            _look_after(fleet, devices)


def _look_after(fleet: LiveFleet, devices: Server | None) -> NoReturn:
    """Restart parts that end by themselves, and let the fleet send readings, until the process is stopped."""
    supervisor, trouble = Supervisor(_say), ""
    while True:
        if devices is not None and not fleet.is_sending:
            devices.stop()
        if supervisor.look(started(), now=time.monotonic()):
            record_family(FAMILY, os.getpid())
        try:
            for hour in fleet.go_on(now=datetime.now(UTC)):
                _say(f"simulated readings of {hour} were sent")
            trouble = ""
        except (AzureError, IngestError) as error:
            # Blob Storage may be restarting: log the error once, and retry until it works.
            if str(error) != trouble:
                trouble = str(error)
                _say(f"simulated readings could not be sent: {trouble}")
        time.sleep(_BEAT_SECONDS)


def _say(sentence: str) -> None:
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}Z {sentence}", flush=True)


def _tail(log: Path) -> str:
    return log.read_bytes()[-2000:].decode(errors="replace") if log.exists() else "(no log)"
