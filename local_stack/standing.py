"""The stack left running, with Airflow's web UI: ``make up`` and ``make down``.

``up`` starts one process that owns all parts and ends them when it is told to end; ``down`` tells it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import psutil

from ingest.loader import lay_out
from ingest.simulator import Fleet
from local_stack.bootstrap import DATA
from local_stack.cluster import USER, running_cluster
from local_stack.family import family_of
from local_stack.processes import StackError
from local_stack.remains import end_remains, record_family
from local_stack.stack import running_stack
from local_stack.workspace import Workspace
from scoring_contract.hour import RunHour
from scoring_contract.layout import Container

if TYPE_CHECKING:
    from pathlib import Path

    from local_stack.stack import Stack

STATE = DATA / "up.json"
LOG = DATA / "up.log"
FAMILY = DATA / "up.family.json"
_READY_SECONDS = 180.0
_DOWN_SECONDS = 60.0
_HOURS = 5
_AIRFLOWS = ("AIRFLOW", "SENSOR_SCORING_")


@dataclass(frozen=True, slots=True)
class Standing:
    """A stack that is up."""

    pid: int
    """Of the process that owns all parts."""
    address: str
    """Of the web UI."""
    user: str
    password: str
    hour: str
    """Last hour with readings: one to score."""
    batch: str
    blobs: str
    environ: dict[str, str]
    """What Airflow's processes have in their environment and others do not."""


def up() -> Standing:
    """Start the stack and return when the web UI answers; one that is up already is left alone.

    :raises StackError: with the end of the log, if it does not come up
    """
    running = standing()
    if running is not None:
        return running
    end_remains(FAMILY)
    STATE.unlink(missing_ok=True)
    DATA.mkdir(parents=True, exist_ok=True)
    with LOG.open("wb") as log:
        owner = subprocess.Popen(
            [sys.executable, "-m", "local_stack", "serve"],
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
            raise StackError(f"the stack did not come up:\n{_tail(LOG)}")
        record_family(FAMILY, owner.pid)
        time.sleep(0.2)
    record_family(FAMILY, owner.pid)
    return running


def down() -> bool:
    """Stop the stack, or what is left of one whose owner was killed.

    :return: whether there was one
    :raises StackError: if it does not end
    """
    running = standing()
    if running is None:
        return end_remains(FAMILY)
    os.kill(running.pid, signal.SIGTERM)
    deadline = time.monotonic() + _DOWN_SECONDS
    # Until its number is free: one that has ended and was not collected yet is still there for others.
    while psutil.pid_exists(running.pid):
        if time.monotonic() > deadline:
            raise StackError(f"process {running.pid} does not end; its log is {LOG}")
        time.sleep(0.1)
    FAMILY.unlink(missing_ok=True)
    return True


def standing() -> Standing | None:
    """Return the stack that is up; None if there is none."""
    try:
        found = Standing(**json.loads(STATE.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return found if family_of(found.pid) else None


def workspace() -> Workspace:
    """Return where the stack keeps its data, whether it is up or not."""
    return Workspace(DATA / "worlds" / "standing", DATA / "results")


def serve() -> None:
    """Own the parts until the process is told to end."""
    ours = workspace()
    with ours.locked(), ExitStack() as parts:
        stack = parts.enter_context(running_stack(ours))
        hour = _with_readings(stack)
        cluster = parts.enter_context(running_cluster(stack, folder=ours.root))
        state = Standing(
            pid=os.getpid(),
            address=cluster.address,
            user=USER,
            password=cluster.password,
            hour=str(hour),
            batch=stack.batch.endpoint,
            blobs=stack.storage.url,
            environ={
                name: value for name, value in cluster.airflow.environ().items() if name.startswith(_AIRFLOWS)
            },
        )
        # The password, and what opens the database, is for the owner of this folder alone.
        STATE.touch(mode=0o600)
        STATE.write_text(json.dumps(asdict(state), indent=2))
        parts.callback(STATE.unlink, missing_ok=True)
        # SIGTERM arrives as KeyboardInterrupt, here or anywhere above: the parts are stopped either way.
        with suppress(KeyboardInterrupt):
            signal.pause()


def _with_readings(stack: Stack) -> RunHour:
    """Simulate the last hours and train on all but the last; a live schedule then has something to score."""
    last = RunHour.containing(datetime.now(UTC)).previous
    first = RunHour(last.start - timedelta(hours=_HOURS))
    fleet, count = Fleet(), _HOURS + 1
    lay_out(
        fleet.readings(first, count),
        stack.storage.container(Container.DATA),
        source="simulated",
        labels=fleet.labels(first, count),
    )
    stack.train(first, last)
    return last


def _tail(log: Path) -> str:
    return log.read_bytes()[-2000:].decode(errors="replace") if log.exists() else "(no log)"
