"""Devices, event hub and job of a running stack, in real time."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from local_stack.fleet.live_ingest import account_of, running_ingest
from local_stack.services.azurite import running_azurite
from local_stack.services.emulator import BatchAccount
from local_stack.services.ports import Ports
from local_stack.services.processes import started
from local_stack.services.supervisor import Supervisor
from local_stack.stack import Stack
from local_stack.workspace import Workspace
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(1800)]


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """Run the part of a stack that events end in."""
    with running_azurite(tmp_path / "blobs", log=tmp_path / "azurite.log") as storage:
        yield Stack(Workspace(tmp_path, tmp_path / "results"), storage, BatchAccount("", "", 0))


def rows(stack: Stack) -> int:
    """Return how many averages were written."""
    file = account_of(stack.workspace)
    return sum(json.loads(file.read_text())["rows_written"].values()) if file.exists() else 0


def test_killed_parts_are_restarted_and_go_on(stack: Stack) -> None:
    """Averages come minute by minute, also after each part was killed and the supervisor restarted it."""
    told: list[str] = []
    supervisor = Supervisor(told.append)

    def grows(before: int) -> bool:
        supervisor.look(started(), now=time.monotonic())
        return rows(stack) > before

    with running_ingest(stack, Ports(stack.workspace.root / "ports.json")) as devices:
        until(lambda: grows(0))
        for name in ("Event Hubs", "ingest stream", "ingest simulate"):
            part = next(server for server in started() if server.name == name)
            part.process.kill()
            part.process.wait()
        before = rows(stack)
        until(lambda: grows(before))
        assert len([line for line in told if "was restarted" in line]) == 3
        facts = json.loads(account_of(stack.workspace).read_text())
        assert facts["unaccounted"] == 0
        devices.stop()
        assert devices not in started(), "the supervisor does not start what was stopped"
