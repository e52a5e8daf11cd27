"""The next command ends the processes that a killed owner left."""

from __future__ import annotations

import json
import os
import stat
import sys
from typing import TYPE_CHECKING

from local_stack.services.family import family_of, is_alive
from local_stack.services.processes import Server
from local_stack.services.remains import end_remains, record_family

if TYPE_CHECKING:
    from pathlib import Path

_OWNER = (
    "import subprocess, time; child = subprocess.Popen(['sh', '-c', 'sleep 60 & echo up; wait'],"
    " start_new_session=True); time.sleep(60)"
)


def an_owner(tmp_path: Path) -> Server:
    """Start an owner with one part, which has a child."""
    command = [sys.executable, "-c", _OWNER]
    server = Server("the owner", command, log=tmp_path / "log", environ=os.environ, reads_stdout=True)
    assert server.first_line() == b"up\n"
    return server


def test_what_a_killed_owner_has_left_is_ended(tmp_path: Path) -> None:
    """Every process is ended once; then nothing is left to end."""
    owner = an_owner(tmp_path)
    record_family(tmp_path / "family.json", owner.process.pid)
    assert stat.S_IMODE((tmp_path / "family.json").stat().st_mode) == 0o600
    parts = family_of(owner.process.pid)[1:]
    owner.kill(alone=True)
    assert all(map(is_alive, parts))
    assert end_remains(tmp_path / "family.json")
    assert not any(map(is_alive, parts))
    assert not end_remains(tmp_path / "family.json")


def test_the_parts_of_an_owner_that_lives_are_left_alone(tmp_path: Path) -> None:
    """It may just be starting, from another terminal."""
    with an_owner(tmp_path) as owner:
        record_family(tmp_path / "family.json", owner.process.pid)
        assert not end_remains(tmp_path / "family.json")
        assert len(family_of(owner.process.pid)) == 3
        owner.kill()


def test_another_process_with_the_number_of_an_old_one_is_left_alone(tmp_path: Path) -> None:
    """Process ids are reused, for example after a reboot; the start time tells processes apart."""
    with an_owner(tmp_path) as stranger:
        pid = stranger.process.pid
        (tmp_path / "family.json").write_text(json.dumps([[pid, 0.0], [pid, 0.0]]))
        assert not end_remains(tmp_path / "family.json")
        assert is_alive(family_of(pid)[0])
        stranger.kill()
