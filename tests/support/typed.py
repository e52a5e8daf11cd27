"""Commands as people type them in the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
_NEVER_SECONDS = 900
"""No command takes that long; a guard against one that hangs."""


def typed(command: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a make command with the interpreter that created the environment.

    :param command: with double quotes around what has blanks, as in a shell
    :param folder: keeps the data; a file that is called ``readings.csv`` is the one in it
    :param environ: more of the environment
    """
    # A make that runs the tests would make this one its child, which says more than one that is typed.
    left_out = ("AIRFLOW", "MAKE", "MFLAGS")
    own = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    interpreter = getattr(sys, "_base_executable", sys.executable)
    line = command.replace("=readings.csv", f"={folder / 'readings.csv'}")
    return subprocess.run(
        ["bash", "-c", f'{line} PYTHON="{interpreter}"'],
        cwd=ROOT,
        env={**own, "LOCAL_STACK_DATA": str(folder / "data"), **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=_NEVER_SECONDS,
    )
