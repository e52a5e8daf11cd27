"""Killing a process and all its descendants."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import psutil

from local_stack.services.family import family_of, held_bytes, is_alive, kill_family, parent_pid
from local_stack.services.processes import Server

if TYPE_CHECKING:
    from pathlib import Path

# Starts a child that leaves its session and has a child itself, as a task instance of Airflow does.
_PARENT = (
    "import subprocess, time; child = subprocess.Popen(['sh', '-c', 'sleep 60 & echo up; wait'],"
    " start_new_session=True); time.sleep(60)"
)


def a_family(tmp_path: Path) -> Server:
    """Start three generations of processes, the second in a session of its own."""
    command = [sys.executable, "-c", _PARENT]
    server = Server("the family", command, log=tmp_path / "log", environ=os.environ, reads_stdout=True)
    assert server.first_line() == b"up\n"
    return server


def test_a_kill_reaches_a_child_that_left_the_session(tmp_path: Path) -> None:
    """All descendants are killed, whatever their process group."""
    server = a_family(tmp_path)
    family = family_of(server.process.pid)
    assert len(family) == 3
    assert {os.getsid(member.pid) for member in family} == {server.process.pid, family[1].pid}
    server.kill()
    assert not any(map(is_alive, family))
    assert family_of(server.process.pid) == []


def test_a_process_killed_alone_leaves_its_children(tmp_path: Path) -> None:
    """Its children keep running until they are killed."""
    server = a_family(tmp_path)
    first, *left = family_of(server.process.pid)
    server.kill(alone=True)
    assert not is_alive(first)
    assert all(map(is_alive, left))
    kill_family(left[0].pid)
    psutil.wait_procs(left, timeout=10)
    assert not any(map(is_alive, left))


def test_who_has_ended_but_was_not_waited_for_is_not_alive() -> None:
    """A zombie counts as ended, and killing it is not an error."""
    with subprocess.Popen(["sleep", "60"]) as child:
        found = psutil.Process(child.pid)
        assert is_alive(found)
        assert parent_pid(found) == os.getpid()
        assert held_bytes(child.pid) > 0
        kill_family(child.pid)
        # Seen, but left for Popen to collect.
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert found.status() == psutil.STATUS_ZOMBIE
        assert not is_alive(found)
        assert family_of(child.pid) == []
