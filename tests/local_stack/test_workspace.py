"""The lock on a checkout's data."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.support.typed import ROOT

if TYPE_CHECKING:
    from pathlib import Path

HOLD = """
from ingest.simulator import Fleet
from local_stack.workspace import Workspace
with Workspace.of_simulation(Fleet()).locked():
    print("held", flush=True)
    input()
"""


def test_the_lock_names_the_process_that_holds_it(tmp_path: Path) -> None:
    """Whoever is locked out knows what to stop; once that has ended, the next command gets the lock."""
    environ = {
        **os.environ,
        "LOCAL_STACK_DATA": str(tmp_path),
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "plugins"))),
    }
    command = [sys.executable, "-c", HOLD]
    with subprocess.Popen(command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        refused = subprocess.run(command, env=environ, input=b"\n", capture_output=True, check=False)
        assert refused.returncode == 1
        assert re.search(
            rf"StackError: process {holder.pid} of another make command", refused.stderr.decode()
        )
        holder.communicate(b"\n")
    assert subprocess.run(command, env=environ, input=b"\n", capture_output=True, check=False).returncode == 0
