"""What a task cannot see of the emulator, and what it cannot leave behind."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.batch_emulator.bench import Bench

ROOT = Path(__file__).resolve().parents[3] / "batch_emulator"
LEAVE = (
    "import os, sys, time\n"
    "if os.fork(): os._exit(0)\n"
    "os.setsid()\n"
    "if os.fork(): os._exit(0)\n"
    "open(sys.argv[1], 'w').write(str(os.getpid()))\n"
    "time.sleep(60)\n"
)


def is_alive(process: int) -> bool:
    """Whether a process exists and is not a zombie."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return False


def daemon(tmp_path: Path) -> str:
    """Return a shell line that starts a process in its own session and waits until it runs."""
    program = tmp_path / "leave.py"
    program.write_text(LEAVE)
    pid = tmp_path / "pid"
    return f"{sys.executable} -S {program} {pid}; while [ ! -s {pid} ]; do sleep 0.02; done"


def test_process_that_left_its_session_ends_with_its_task(ready: Bench, tmp_path: Path) -> None:
    """A task's daemon is gone when the task is completed."""
    assert ready.run(ready.sh(daemon(tmp_path))).execution_info.exit_code == 0
    assert not is_alive(int((tmp_path / "pid").read_text()))


def test_daemon_of_a_terminated_task_is_killed(ready: Bench, tmp_path: Path) -> None:
    """A task that is ended early takes its daemon with it."""
    ready.task(ready.sh(f"{daemon(tmp_path)}; echo up; exec sleep 60"))
    ready.running()
    assert is_alive(int((tmp_path / "pid").read_text()))
    ready.client.terminate_task("job", "task")
    ready.ended()
    assert not is_alive(int((tmp_path / "pid").read_text()))


def test_daemon_of_another_task_stays(bench: Bench, tmp_path: Path) -> None:
    """A task's end does not affect processes of others."""
    bench.pool(slots=2)
    bench.job()
    bench.task(bench.sh(f"{daemon(tmp_path)}; echo up; exec sleep 60"), "first")
    bench.running("first")
    bench.run("/bin/true", "second")
    assert is_alive(int((tmp_path / "pid").read_text()))


def test_variables_of_the_emulator_do_not_reach_a_task(ready: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A task's environment has what is documented, and PATH."""
    monkeypatch.setenv("AZURE_BATCH_EMULATOR_KEY", "secret")
    monkeypatch.setenv("ANYTHING", "secret")
    ready.run("/usr/bin/env")
    names = {line.partition("=")[0] for line in ready.output().splitlines()}
    others = {name for name in names if not name.startswith("AZ_BATCH_")}
    assert others == {"PATH", "HOME", "AZURE_BATCH_EMULATOR_ATTEMPT"}
    assert "secret" not in ready.output()


def test_secrets_are_not_left_in_the_emulators_environment(bench: Bench, tmp_path: Path) -> None:
    """Once ready, /proc shows neither the key nor the storage's signature."""
    secrets = {
        "AZURE_BATCH_EMULATOR_KEY": "c2VjcmV0a2V5",
        "AZURE_BATCH_EMULATOR_AUTO_STORAGE": "http://127.0.0.1:9/a?sig=hidden",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "azure_batch_emulator", "--account", "a", "--data", str(tmp_path / "own")],
        env={"PATH": os.environ["PATH"], **secrets, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    with process.stdout:
        assert json.loads(process.stdout.readline())["account"] == "a"
        shown = bench.until(Path(f"/proc/{process.pid}/environ").read_bytes)
        process.terminate()
        process.wait()
    assert b"PYTHONPATH" in shown
    assert not any(value.encode() in shown for value in secrets.values())


@pytest.mark.parametrize("mask", [0o000, 0o022])
def test_state_is_private_whatever_the_mask(bench_of: Callable[..., Bench], mask: int) -> None:
    """Only the owner can read the state, which contains tasks' environments."""
    before = os.umask(mask)
    try:
        bench = bench_of()
        bench.pool()
        bench.job()
        bench.run(bench.sh("umask 000; echo x > file"))
        files = list(bench.emulator.settings.data.glob("state.sqlite3*"))
    finally:
        os.umask(before)
    assert files
    assert not any(stat.S_IMODE(file.stat().st_mode) & 0o077 for file in files)


def test_task_that_runs_again_finds_what_it_left(ready: Bench) -> None:
    """A retry on the same node has the same folder, with new output files."""
    script = ready.sh("echo try; test -e note || { echo x > note; exit 1; }")
    constraints = ready.models.BatchTaskConstraints(max_task_retry_count=1)
    task = ready.run(script, constraints=constraints)
    assert (task.execution_info.exit_code, task.execution_info.retry_count) == (0, 1)
    assert ready.output() == "try\n"
