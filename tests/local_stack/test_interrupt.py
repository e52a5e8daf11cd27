"""Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_DEADLINE_SECONDS = 600.0


def processes_of(folder: Path) -> list[str]:
    """Return the command lines of all processes that mention a folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it ended meanwhile
            continue
        if str(folder) in line:
            found.append(line)
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_an_interrupted_run_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    """Azurite, the emulator and Airflow end with the run that started them."""
    run = subprocess.Popen(
        [sys.executable, "-m", "local_stack", "run"],
        cwd=ROOT,
        env={
            **os.environ,
            "LOCAL_STACK_DATA": str(tmp_path),
            "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "plugins"))),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + _DEADLINE_SECONDS
    try:
        while not any("azure_batch_emulator" in line for line in processes_of(tmp_path)):
            assert run.poll() is None, run.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        run.send_signal(number)
        _, said = run.communicate(timeout=_DEADLINE_SECONDS)
    finally:
        run.kill()
        run.wait()
    assert run.returncode == 130
    assert "all started processes are stopped" in said
    assert processes_of(tmp_path) == []
