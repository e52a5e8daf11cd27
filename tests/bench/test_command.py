"""A benchmark that is ended, as a process of its own with the real servers that it starts."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.support.waiting import until

ROOT = Path(__file__).parents[2]
ENDLESS = [sys.executable, "-m", "bench.emulator", "--tasks", "100000000"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_benchmark_that_is_ended_stops_what_it_has_started(number) -> None:
    """A cancelled CI job sends SIGTERM; neither that nor Ctrl-C leaves a server behind."""
    with subprocess.Popen(ENDLESS, cwd=ROOT, stderr=subprocess.PIPE, text=True) as benchmark:
        servers = until(psutil.Process(benchmark.pid).children)
        benchmark.send_signal(number)
        _, said = benchmark.communicate()

    assert said == "\ninterrupted; all started processes are stopped\n"
    assert benchmark.returncode == 130
    assert not [server for server in servers if server.is_running()]
