"""The pipe to a supervisor process: commands go in, reports come out on a thread."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from azure_batch_emulator.runner import supervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

_CLOSE_GRACE_SECONDS = 1.0
_CLOSE_LIMIT_SECONDS = 10.0


class SupervisorLink:
    """The pipe to a supervisor process, and the thread that listens to it."""

    def __init__(
        self, hear: Callable[[dict[str, Any]], None], lost: Callable[[], None], *, holds: Collection[int]
    ) -> None:
        self._hear, self._lost = hear, lost
        self._process = subprocess.Popen(  # noqa: S603  our own script, our own interpreter
            [sys.executable, "-I", "-S", supervisor.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            pass_fds=holds,
            env={"PATH": os.environ.get("PATH", os.defpath)},
        )
        self._lock = threading.Lock()
        self._reader = threading.Thread(target=self._listen, name="supervisor-reports", daemon=True)
        self._reader.start()

    def tell(self, message: dict[str, Any]) -> None:
        """Send one command; a supervisor that is gone is noticed by the listening thread."""
        stdin = self._process.stdin
        if stdin is not None:
            with self._lock, suppress(BrokenPipeError, ValueError):
                stdin.write(json.dumps(message).encode() + b"\n")
                stdin.flush()

    def close(self) -> None:
        """End all processes and the supervisor, and wait for that."""
        self.tell({"close": _CLOSE_GRACE_SECONDS})
        self._hang_up()
        try:
            self._process.wait(_CLOSE_LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._reader.join()

    def _hang_up(self) -> None:
        if self._process.stdin is not None:
            with self._lock, suppress(BrokenPipeError):
                self._process.stdin.close()

    def _listen(self) -> None:
        if self._process.stdout is not None:
            with self._process.stdout as reports:
                for line in reports:
                    self._hear(json.loads(line))
        self._process.wait()
        self._hang_up()
        self._lost()
