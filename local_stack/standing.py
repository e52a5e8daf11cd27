"""The stack that stays running, with Airflow's web UI: ``make up`` and ``make down``.

``up`` starts one process, the ``owner``, which runs all parts and stops them when ``down`` stops it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

from local_stack.bootstrap import DATA
from local_stack.services.family import family_of
from local_stack.services.private_files import private_folder, private_log
from local_stack.services.processes import StackError
from local_stack.services.remains import end_remains, record_family
from local_stack.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

STATE = DATA / "up.json"
LOG = DATA / "up.log"
FAMILY = DATA / "up.family.json"
_READY_SECONDS = 1800.0
"""Guard against hanging, like the next one; the end of the owner is noticed at once."""
_DOWN_SECONDS = 300.0


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
    day: str = ""
    """First hour of the day that is going to be scored; empty if none is."""
    has_begun: bool = False
    """Whether an earlier start has begun with such a day, and has switched the DAG on."""


def up(*, ingest: bool = False, wants_demo: bool = True) -> Standing:
    """Start the stack, unless it is running, and wait until the web UI responds.

    :param ingest: whether the simulated fleet sends events
    :param wants_demo: whether the fleet of a new stack has a day behind it, which is scored
    :raises StackError: with the end of the log, if it does not start
    """
    running = standing()
    if running is not None:
        return running
    end_remains(FAMILY)
    STATE.unlink(missing_ok=True)
    private_folder(DATA)
    words = ["serve", *(["--ingest"] if ingest else []), "--demo", str(int(wants_demo))]
    with private_log(LOG) as log:
        owner = subprocess.Popen(
            [sys.executable, "-m", "local_stack", *words],
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


def _tail(log: Path) -> str:
    return log.read_bytes()[-2000:].decode(errors="replace") if log.exists() else "(no log)"
