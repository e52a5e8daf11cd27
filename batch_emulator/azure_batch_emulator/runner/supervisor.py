"""The process that owns all task processes, so that none outlives the emulator.

Run as a script in a process of its own. It has one thread, hence forking is safe; it reads commands
from its standard input and reports on its standard output, one JSON object a line:

``{"start": 7, "argv": [...], "root": "/...", "folder": ["nodes", ...], "env": {...}, "undo": [...]}``
``{"stop": 7, "grace": 5.0}``, with ``"quietly": true`` if the command is asked to end in another way
``{"close": 1.0}``
``{"failed": 7, "errno": 2, "text": "..."}`` and ``{"exited": 7, "code": 0}``

Every command gets a session of its own and is ended together with everything it started there. What
left the session is found by a variable that it has inherited, once it is an orphan and thus ours.
When standard input closes, for whatever reason, SIGKILL of the emulator included, the supervisor
kills all that is left, and runs the ``undo`` of each command that has one: it ends what is no process
of ours, such as a container. On Linux it also adopts orphans, and dies not without its children.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import FileIO

_SET_PDEATHSIG = 1
_SET_CHILD_SUBREAPER = 36
_POLL_SECONDS = 0.02
_CHUNK = 65536
_UNDO_SECONDS = 30.0
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_MARK = "AZURE_BATCH_EMULATOR_ATTEMPT"


def _libc() -> Any:
    return ctypes.CDLL(None) if sys.platform == "linux" else None


LIBC = _libc()


def _die_with_the_supervisor() -> None:
    """Ask the kernel to kill this process when the supervisor goes; runs between fork and exec."""
    if LIBC is not None:
        LIBC.prctl(_SET_PDEATHSIG, signal.SIGKILL)


def _signal_group(group: int, number: int) -> bool:
    """Send a signal to a process group; tell whether there was anyone."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class Attempt:
    """One command, from its start until nobody of its group is left."""

    def __init__(self, attempt_id: int, group: int, command: dict[str, Any]) -> None:
        self.attempt_id = attempt_id
        self.group = group
        self.undo = command["undo"]
        self.env = command["env"]
        self.code: int | None = None
        self.deadline: float | None = None

    def stop(self, grace: float, *, quietly: bool = False) -> None:
        """Ask the group to end, unless somebody else does, and note when to stop asking."""
        if self.deadline is None:
            self.deadline = time.monotonic() + grace
        if not quietly:
            _signal_group(self.group, signal.SIGTERM)

    def is_over(self, orphans: Callable[[], list[int]]) -> bool:
        """Tell whether the command and all that it started have ended; kill who overstays.

        :param orphans: lists the children of the supervisor that no command started
        """
        overdue = self.deadline is not None and time.monotonic() >= self.deadline
        done_by_itself = self.code is not None and self.deadline is None
        if overdue or done_by_itself:
            _signal_group(self.group, signal.SIGKILL)
        return self.code is not None and not _signal_group(self.group, 0) and not self._has_strays(orphans)

    def _has_strays(self, orphans: Callable[[], list[int]]) -> bool:
        """Kill whoever left the session; tell whether there was anyone, as there may be children of theirs.

        The group is gone, so whatever it has started is an orphan by now, and the supervisor's child.
        """
        strays = [] if self.undo else [child for child in orphans() if _is_marked(child, self.attempt_id)]
        for stray in strays:
            with contextlib.suppress(ProcessLookupError):
                os.kill(stray, signal.SIGKILL)
        return bool(strays)


class Supervisor:
    """The loop: commands in, reports out, ended processes collected."""

    def __init__(self) -> None:
        self.attempts: dict[int, Attempt] = {}
        self.by_process: dict[int, Attempt] = {}
        self.rest = b""
        self.open = True
        self.wake_read, wake_write = os.pipe()
        for end in (self.wake_read, wake_write):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def serve(self) -> None:
        """Work until standard input closes, then end everything."""
        while self.open:
            hasty = any(
                attempt.code is not None or attempt.deadline is not None for attempt in self.attempts.values()
            )
            ready, _, _ = select.select([0, self.wake_read], [], [], _POLL_SECONDS if hasty else None)
            if self.wake_read in ready:
                self._drain_wake_ups()
            if 0 in ready:
                self._read()
            self._collect()
            self._settle()
        self._end_everything()

    def _drain_wake_ups(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while os.read(self.wake_read, _CHUNK):
                pass

    def _read(self) -> None:
        data = os.read(0, _CHUNK)
        if not data:
            self.open = False
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            self._execute(json.loads(line))

    def _execute(self, command: dict[str, Any]) -> None:
        if "start" in command:
            self._start(command)
        elif "stop" in command:
            attempt = self.attempts.get(command["stop"])
            if attempt is not None:
                attempt.stop(command["grace"], quietly=command["quietly"])
        elif "close" in command:
            self._close(command["close"])

    def _start(self, command: dict[str, Any]) -> None:
        try:
            process = self._spawn(command)
        except (OSError, ValueError) as problem:
            # Only trouble with the program itself tells that it is missing.
            number = None
            if isinstance(problem, OSError) and problem.filename == command["argv"][0]:
                number = problem.errno
            self._report({"failed": command["start"], "errno": number, "text": str(problem)})
            return
        attempt = Attempt(command["start"], process.pid, command)
        self.attempts[attempt.attempt_id] = self.by_process[process.pid] = attempt
        process.returncode = 0  # collected by the loop below, not by Popen

    @staticmethod
    def _spawn(command: dict[str, Any]) -> subprocess.Popen[bytes]:
        with (
            _opened(os.open(command["root"], _FOLDER & ~os.O_NOFOLLOW), command["folder"]) as folder,
            _opened(os.dup(folder), ["wd"]) as workdir,
            _output(folder, "stdout.txt") as stdout,
            _output(folder, "stderr.txt") as stderr,
            Path(os.devnull).open("rb") as nothing,
        ):

            def in_child() -> None:
                _die_with_the_supervisor()
                os.fchdir(workdir)

            return subprocess.Popen(  # noqa: S603  an argument list, no shell
                command["argv"],
                # What an engine starts carries no mark: it has an end of its own.
                env=command["env"] if command["undo"] else {**command["env"], _MARK: str(command["start"])},
                stdin=nothing,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
                preexec_fn=in_child,  # noqa: PLW1509  this process has one thread
            )

    def _collect(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while True:
                process, status = os.waitpid(-1, os.WNOHANG)
                if process == 0:
                    return
                attempt = self.by_process.pop(process, None)
                if attempt is not None:
                    attempt.code = os.waitstatus_to_exitcode(status)

    def _settle(self) -> None:
        for attempt in [attempt for attempt in self.attempts.values() if attempt.is_over(self._orphans)]:
            del self.attempts[attempt.attempt_id]
            self._report({"exited": attempt.attempt_id, "code": attempt.code})

    def _orphans(self) -> list[int]:
        return [child for child in _children() if child not in self.by_process]

    def _close(self, grace: float) -> None:
        for attempt in self.attempts.values():
            attempt.stop(grace)
        deadline = time.monotonic() + grace
        while self.attempts and time.monotonic() < deadline:
            self._collect()
            self._settle()
            time.sleep(_POLL_SECONDS)
        self.open = False

    def _end_everything(self) -> None:
        """Kill until no child is left; each round may bring orphans of the one before."""
        self._undo()
        while True:
            for attempt in self.attempts.values():
                _signal_group(attempt.group, signal.SIGKILL)
            for child in _children():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            try:
                os.waitpid(-1, 0)
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass  # all that are dead by now: a round for each would take long with a thousand
            except ChildProcessError:
                return

    def _undo(self) -> None:
        """Run what ends the things that killing does not reach, all at once."""
        undoing = []
        for attempt in self.attempts.values():
            if attempt.undo:
                with contextlib.suppress(OSError):
                    undoing.append(
                        subprocess.Popen(  # noqa: S603  an argument list, no shell
                            attempt.undo,
                            env=attempt.env,
                            stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL,
                        )
                    )
        deadline = time.monotonic() + _UNDO_SECONDS
        for process in undoing:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))

    @staticmethod
    def _report(report: dict[str, Any]) -> None:
        with contextlib.suppress(BrokenPipeError):
            os.write(1, json.dumps(report).encode() + b"\n")


@contextlib.contextmanager
def _opened(folder: int, names: list[str]) -> Iterator[int]:
    """Go down from an open folder step by step: a task may have put a link in the place of any."""
    for name in names:
        try:
            below = os.open(name, _FOLDER, dir_fd=folder)
        finally:
            os.close(folder)
        folder = below
    try:
        yield folder
    finally:
        os.close(folder)


def _output(folder: int, name: str) -> FileIO:
    """Open an empty file: the one that is there, or a new one in place of anything but that."""
    with contextlib.suppress(OSError):
        file = os.fdopen(os.open(name, _WRITE, dir_fd=folder), "wb", buffering=0)
        status = os.fstat(file.fileno())
        if stat.S_ISREG(status.st_mode) and status.st_nlink == 1:
            file.truncate()
            os.set_blocking(file.fileno(), True)
            return file
        file.close()
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)
    return os.fdopen(os.open(name, _NEW, 0o666, dir_fd=folder), "wb", buffering=0)


def _is_marked(process: int, attempt_id: int) -> bool:
    """Tell whether a process was started by an attempt, however long ago; one that is dead was not."""
    try:
        variables = Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
    except OSError:
        return False
    return f"{_MARK}={attempt_id}".encode() in variables


def _children() -> list[int]:
    listing = Path(f"/proc/self/task/{os.getpid()}/children")
    return [int(child) for child in listing.read_text().split()] if listing.exists() else []


def main() -> None:
    """Serve until standard input closes; terminals' signals are for the emulator."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)  # "ignore" would be inherited by the tasks
    if LIBC is not None:
        LIBC.prctl(_SET_CHILD_SUBREAPER, 1)
    Supervisor().serve()


if __name__ == "__main__":
    main()
