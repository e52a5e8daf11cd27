"""Runs the local Event Hubs as a separate process."""

from __future__ import annotations

import json
import os
import secrets
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from local_stack.bootstrap import ROOT
from local_stack.services.processes import Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HUB = "sensors"
PARTITIONS = 4
KEY_NAME = "RootManageSharedAccessKey"


@dataclass(frozen=True, slots=True)
class EventHub:
    """A running event hub."""

    connection_string: str = field(repr=False)
    """With the hub's name as ``EntityPath``."""
    pid: int


@contextmanager
def running_event_hub(
    folder: Path, *, log: Path, port: int = 0, key: str = "", is_replay: bool = False
) -> Iterator[EventHub]:
    """Run a hub.

    :param folder: for its events
    :param log: for its output
    :param port: 0 for any free port
    :param key: the policy's key; empty for a new one
    :param is_replay: whether events say when they arrive
    :raises StackError: if it does not start
    """
    command = [
        *(sys.executable, "-m", "azure_event_hubs_emulator"),
        *("--host", "127.0.0.1", "--port", str(port), "--data", str(folder)),
        *("--hub", f"{HUB}:{PARTITIONS}", "--clock", "events" if is_replay else "system"),
        *("--key-name", KEY_NAME),
    ]
    environ = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "event_hubs_emulator"),
        # In the environment, because all users can read command lines.
        "AZURE_EVENT_HUBS_EMULATOR_KEY": key or secrets.token_urlsafe(32),
    }
    with Server("Event Hubs", command, log=log, environ=environ, reads_stdout=True) as server:
        ready = json.loads(server.first_line())
        yield EventHub(f"{ready['connectionString']};EntityPath={HUB}", server.process.pid)
