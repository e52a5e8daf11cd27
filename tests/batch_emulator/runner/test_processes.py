"""Real processes: odd command lines, and life without the supervisor."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.batch_emulator.bench import Bench


@pytest.mark.parametrize(
    ("command", "code"),
    [
        pytest.param("/bin/sh -c 'unclosed", "CommandLaunchFailed", id="quote-not-closed"),
        pytest.param(" ", "CommandLaunchFailed", id="empty"),
        pytest.param("/etc/passwd", "CommandLaunchFailed", id="not-a-program"),
        pytest.param("/bin/echo a\0b", "CommandLaunchFailed", id="null-byte"),
        pytest.param("/bin/echo \ud800", "CommandLaunchFailed", id="lone-surrogate"),
        pytest.param("./missing.sh", "CommandProgramNotFound", id="missing"),
    ],
)
def test_command_that_cannot_start_fails_its_task_only(ready: Bench, command: str, code: str) -> None:
    """The failure says why, and the next task runs normally."""
    execution = ready.run(command).execution_info
    assert (execution.exit_code, execution.failure_info.code) == (None, code)
    assert ready.run("/bin/true", "next").execution_info.exit_code == 0


def test_signal_shows_in_the_exit_code(ready: Bench) -> None:
    """A command killed by a signal has the exit code 128 + signal."""
    execution = ready.run(ready.sh("kill -9 $$")).execution_info
    assert (execution.exit_code, execution.failure_info.code) == (137, "FailureExitCode")


def test_background_processes_end_with_their_task(ready: Bench, tmp_path: Path) -> None:
    """Processes that a command leaves in its session are killed at its end."""
    pidfile = tmp_path / "pid"
    ready.run(ready.sh(f"sleep 60 & echo $! > {pidfile}"))
    with pytest.raises(ProcessLookupError):
        os.kill(int(pidfile.read_text()), 0)


def test_polite_task_may_clean_up(bench_of: Callable[..., Bench]) -> None:
    """A terminated command gets SIGTERM and time to end by itself."""
    ready = bench_of(stop_grace=timedelta(minutes=2))
    ready.pool()
    ready.job()
    ready.task(ready.sh("trap 'echo cleaned; exit 5' TERM; echo up; while :; do sleep 0.05; done"))
    ready.running()
    ready.client.terminate_task("job", "task")
    execution = ready.ended().execution_info
    assert (execution.exit_code, execution.failure_info.code) == (5, "TaskEnded")
    assert ready.output() == "up\ncleaned\n"


def test_tasks_run_again_when_the_supervisor_is_killed(ready: Bench, tmp_path: Path) -> None:
    """No process survives without it, so tasks restart as after the loss of a node."""
    gate = tmp_path / "gate"
    script = f"echo $PPID > {tmp_path}/supervisor; echo up; until [ -e {gate} ]; do sleep 0.02; done"
    ready.task(ready.sh(script))
    ready.running()
    os.kill(int((tmp_path / "supervisor").read_text()), signal.SIGKILL)
    gate.touch()
    execution = ready.ended().execution_info
    assert (execution.exit_code, execution.retry_count, execution.requeue_count) == (0, 0, 0)


def test_emulators_key_stays_out_of_tasks(ready: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the emulator's environment, only PATH reaches tasks."""
    monkeypatch.setenv("AZURE_BATCH_EMULATOR_KEY", "secret")
    monkeypatch.setenv("ANYTHING_ELSE", "secret")
    ready.run(ready.sh("env"))
    assert "secret" not in ready.output()


def test_working_directory_setting_wins_over_ours(ready: Bench) -> None:
    """A task may set PATH and HOME itself."""
    settings: list[Any] = [ready.models.EnvironmentSetting(name="HOME", value="/nowhere")]
    ready.run(ready.sh("echo $HOME"), environment_settings=settings)
    assert ready.output() == "/nowhere\n"
