"""Restarting parts that end by themselves: real processes, a manual clock."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from local_stack.services.processes import Server, started
from local_stack.services.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def frail(tmp_path: Path) -> Iterator[Server]:
    """Start a process that exits with code 3 at once, every time."""
    command = [sys.executable, "-c", "import sys; print('begun', flush=True); sys.exit(3)"]
    with Server("the frail one", command, log=tmp_path / "log", environ={}) as server:
        yield server


def test_what_ends_is_started_again_after_longer_and_longer_pauses(frail: Server) -> None:
    """Each exit and restart is logged with code, pause and log file, which is appended to."""
    said: list[str] = []
    supervisor, now, pauses = Supervisor(said.append), 0.0, []
    for _ in range(9):
        frail.process.wait()
        assert not supervisor.look([frail], now=now)
        pause = float(said[-1].split(" restarts in ")[1].split()[0])
        pauses.append(pause)
        assert not supervisor.look([frail], now=now + pause - 0.5)
        now += pause
        assert supervisor.look([frail], now=now)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert said[0] == "the frail one ended with code 3; it restarts in 1 s"
    assert said[1] == f"the frail one was restarted; its log is {frail.log}"
    frail.process.wait()
    assert frail.log.read_text().count("begun") == 10


def test_what_was_well_for_long_begins_with_a_short_pause(frail: Server) -> None:
    """After a long healthy time, the pauses start over."""
    said: list[str] = []
    supervisor = Supervisor(said.append)
    for day in range(3):
        frail.process.wait()
        supervisor.look([frail], now=86_400.0 * day)
        assert supervisor.look([frail], now=86_400.0 * day + 1)
    assert [line for line in said if "ended" in line] == [said[0]] * 3


def test_what_runs_is_left_alone(tmp_path: Path) -> None:
    """Neither a running process nor one that was stopped on purpose is restarted."""
    command = [sys.executable, "-c", "import time; time.sleep(3600)"]
    with Server("the steady one", command, log=tmp_path / "log", environ={}) as server:
        assert server in started()
        pid = server.process.pid
        assert not Supervisor(print).look([server], now=0.0)
        assert server.process.pid == pid
    assert server not in started()
