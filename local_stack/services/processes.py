"""Starts programs, waits until they are ready, and stops them by their process ids."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from local_stack.services.family import kill_family

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

_TAIL_BYTES = 2000


class StackError(Exception):
    """A part of the stack does not work; the text names it and shows its last output."""


class Server:
    """A program that runs in the background until it is stopped.

    :param name: its name in messages
    :param command: its command line
    :param log: file for its stderr, and for its stdout unless ``reads_stdout``
    :param environ: its complete environment
    :param cwd: its working directory; None for ours
    :param reads_stdout: whether its stdout is read through :meth:`lines` or :meth:`first_line`
    :param stop_signal: signal that stops it
    :param keeps_log: whether to append to an existing log, as after a restart
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        environ: Mapping[str, str],
        cwd: Path | None = None,
        reads_stdout: bool = False,
        stop_signal: signal.Signals = signal.SIGTERM,
        keeps_log: bool = False,
    ) -> None:
        self.name = name
        self.log = log
        self._stop_signal = stop_signal
        self._command, self._environ, self._cwd = list(command), dict(environ), cwd
        self._reads_stdout = reads_stdout
        log.parent.mkdir(parents=True, exist_ok=True)
        if not keeps_log:
            log.unlink(missing_ok=True)
        with _interrupts_deferred():
            self.started, self.process = self._spawned()
            _STARTED.append(self)

    def _spawned(self) -> tuple[datetime, subprocess.Popen[bytes]]:
        with self.log.open("ab") as stream:
            # In a new session Ctrl-C does not reach it, so that we can stop all parts in order.
            return datetime.now(UTC), subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if self._reads_stdout else stream,
                stderr=stream,
                env=self._environ,
                cwd=self._cwd,
                start_new_session=True,
            )

    def start_again(self) -> None:
        """Start the program again after it has ended; its log is continued."""
        with _interrupts_deferred():
            if self.process.stdout:
                self.process.stdout.close()
            self.started, self.process = self._spawned()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def wait_until(self, is_ready: Callable[[], bool], *, seconds: float) -> None:
        """Wait until the program is ready.

        :raises StackError: if it ends, or is not ready in time
        """
        deadline = time.monotonic() + seconds
        while not is_ready():
            if self.process.poll() is not None:
                raise StackError(f"{self.name} ended with code {self.process.returncode}:\n{self.tail()}")
            if time.monotonic() > deadline:
                raise StackError(f"{self.name} is not ready after {seconds:.0f} s:\n{self.tail()}")
            time.sleep(0.05)

    def lines(self) -> Iterator[str]:
        """Yield the lines of its stdout until it ends; they also go to the log."""
        with self.log.open("ab") as log:
            for line in self.process.stdout or ():
                log.write(line)
                log.flush()
                yield line.decode(errors="replace")

    def first_line(self) -> bytes:
        """Return the first line of its stdout.

        :raises StackError: if it ends without printing one
        """
        line = self.process.stdout.readline() if self.process.stdout else b""
        if not line:
            self.process.wait()
            raise StackError(f"{self.name} ended with code {self.process.returncode}:\n{self.tail()}")
        return line

    def stop(self, *, seconds: float = 10.0) -> None:
        """Stop the program; kill it and its descendants if it does not end in time."""
        if self.process.poll() is None:
            self.process.send_signal(self._stop_signal)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self._kill_all()
        if self.process.stdout:
            self.process.stdout.close()
        if self in _STARTED:
            _STARTED.remove(self)

    def kill(self, *, alone: bool = False) -> None:
        """Kill the program and its descendants.

        :param alone: kill only the program, as the kernel does when memory runs out
        """
        if alone:
            self.process.kill()
            self.process.wait()
        else:
            self._kill_all()
        self.stop()

    def _kill_all(self) -> None:
        if self.process.poll() is None:
            kill_family(self.process.pid)
            self.process.wait()
        # Descendants without a parent are still in the process group.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def tail(self) -> str:
        """Return the end of its log."""
        return self.log.read_bytes()[-_TAIL_BYTES:].decode(errors="replace").strip()


_STARTED: list[Server] = []
"""Servers that were started and not stopped, oldest first."""


def started() -> tuple[Server, ...]:
    """Return the servers that should be running, oldest first."""
    return tuple(_STARTED)


def stop_all() -> None:
    """Stop all running servers, including those that an interrupt kept from entering their ``with`` block."""
    for server in reversed(_STARTED.copy()):
        server.stop()


@contextlib.contextmanager
def _interrupts_deferred() -> Iterator[None]:
    """Defer SIGINT and SIGTERM while a process starts, so that it is registered before we can be interrupted.

    The signals are not blocked, because the process would inherit the mask. Python runs signal handlers only
    in the main thread: https://docs.python.org/3/library/signal.html#signals-and-threads
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard: list[int] = []
    handlers = {
        number: signal.signal(number, lambda number, _frame: heard.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    if heard:
        raise KeyboardInterrupt
