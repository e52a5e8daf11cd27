"""A progress bar for loads."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from ingest.loader import Step

_BAR_CHARS = 30
_REDRAWN_SECONDS = 0.2
_REPEATED_SECONDS = 30.0
"""Pause between lines in a file, where nothing can be redrawn."""


class ProgressLine:
    """Draws a bar on a terminal; writes a line now and then to a file.

    :param stream: the terminal or file
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._pause = _REDRAWN_SECONDS if self._is_terminal else _REPEATED_SECONDS
        self._told = 0.0 if self._is_terminal else time.monotonic()

    def see(self, step: Step, done: int, total: int) -> None:
        """Show the progress of a step, unless it was shown a moment ago."""
        if time.monotonic() - self._told < self._pause:
            return
        self._told = time.monotonic()
        share = done / max(total, 1)
        if self._is_terminal:
            bar = "#" * int(share * _BAR_CHARS)
            self._stream.write(f"\r\x1b[K{step} [{bar:<{_BAR_CHARS}}] {share:.0%}")
        else:
            self._stream.write(f"{step}: {share:.0%}\n")
        self._stream.flush()

    def end(self) -> None:
        """Clear the bar."""
        if self._is_terminal:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
