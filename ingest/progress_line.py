"""A progress bar for what takes long."""

from __future__ import annotations

import time
from typing import TextIO

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

    def see(self, step: str, done: int, total: int | None, note: str = "") -> None:
        """Show the progress of a step, unless it was shown a moment ago.

        :param total: None if there is no end
        :param note: what else there is to say
        """
        if time.monotonic() - self._told < self._pause:
            return
        self._told = time.monotonic()
        share = None if total is None else done / max(total, 1)
        if self._is_terminal:
            parts = (step, "" if share is None else _bar(share), note)
            self._stream.write("\r\x1b[K" + " ".join(filter(None, parts)))
        else:
            shown = "" if share is None else f"{share:.0%}"
            self._stream.write(f"{step}: {', '.join(filter(None, (shown, note)))}\n")
        self._stream.flush()

    def end(self) -> None:
        """Clear the bar."""
        if self._is_terminal:
            self._stream.write("\r\x1b[K")
            self._stream.flush()


def _bar(share: float) -> str:
    return f"[{'#' * int(share * _BAR_CHARS):<{_BAR_CHARS}}] {share:.0%}"
