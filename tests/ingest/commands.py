"""``python -m ingest`` as a process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]


@contextmanager
def a_command(environ: dict[str, str], *argv: str) -> Iterator[subprocess.Popen[str]]:
    """Run a command until the end of the context."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ingest", *argv],
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'plugins'}", **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def stopped(process: subprocess.Popen[str]) -> tuple[dict[str, Any], str]:
    """Stop a command as an operator does; return its account, and what it said."""
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate()
    assert process.returncode == 0, err
    return dict(json.loads(out)), err
