"""Runs a benchmark as a command that stops what it has started, however it ends."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, NoReturn

from local_stack.services.processes import stop_all

if TYPE_CHECKING:
    from collections.abc import Callable

_INTERRUPTED = 130


def run_benchmark(main: Callable[[], int | None]) -> NoReturn:
    """Run a benchmark and exit with its code; SIGTERM ends it as Ctrl-C does.

    :param main: returns an exit code, or None for 0
    """
    for number in (signal.SIGINT, signal.SIGTERM):  # SIGINT too: a shell's background jobs ignore it
        signal.signal(number, signal.default_int_handler)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        stop_all()
        print("\ninterrupted; all started processes are stopped", file=sys.stderr)
        sys.exit(_INTERRUPTED)
