"""Starting and stopping processes."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from local_stack.services import processes
from local_stack.services.processes import Server, StackError, stop_all

if TYPE_CHECKING:
    from pathlib import Path


def a_server(tmp_path: Path, script: str, **options: Any) -> Server:
    """Start a shell script as a server."""
    command = ["/bin/sh", "-c", script]
    return Server("the script", command, log=tmp_path / "log.txt", environ=os.environ, **options)


def test_an_interrupt_while_a_process_starts_loses_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C between the start of a process and its registration must not leave it running."""
    started: list[subprocess.Popen[bytes]] = []

    def popen(*words: Any, **options: Any) -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen(*words, **options))
        signal.raise_signal(signal.SIGINT)
        return started[-1]

    monkeypatch.setattr(processes, "_STARTED", [])  # the session's own servers are none of this test's
    monkeypatch.setattr(processes, "subprocess", type("Shim", (), {**vars(subprocess), "Popen": popen}))
    with pytest.raises(KeyboardInterrupt):
        a_server(tmp_path, "sleep 60")
    stop_all()
    assert started[0].poll() == -signal.SIGTERM


def test_a_server_that_ends_early_says_what_it_printed(tmp_path: Path) -> None:
    """The error shows the end of its output."""
    sentence = "the script ended with code 3:\nthe port is taken"
    with (
        a_server(tmp_path, "echo the port is taken >&2; exit 3") as server,
        pytest.raises(StackError, match=sentence),
    ):
        server.wait_until(lambda: False, seconds=30)


def test_a_server_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    """It is terminated first; if it stays, its whole process group is killed."""
    server = a_server(tmp_path, "trap '' TERM; echo up; sleep 60", reads_stdout=True)
    assert server.first_line() == b"up\n"
    server.stop(seconds=0.2)
    assert server.process.poll() == -signal.SIGKILL
