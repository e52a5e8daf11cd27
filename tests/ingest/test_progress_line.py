"""The progress bar of a load."""

from __future__ import annotations

import io

from ingest.loader import Step
from ingest.progress_line import ProgressLine


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        """Be a terminal."""
        return True


def test_a_terminal_shows_how_far_each_step_is() -> None:
    """The bar appears with the first rows, long before the first upload, and is erased at the end."""
    terminal = Terminal()
    line = ProgressLine(terminal)
    line.see(Step.READING, 1, 4)
    assert terminal.getvalue().endswith("reading [#######                       ] 25%")
    line.end()
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_a_short_load_writes_nothing_into_a_file() -> None:
    """Where nothing can be redrawn, a line is printed only now and then."""
    file = io.StringIO()
    line = ProgressLine(file)
    line.see(Step.WRITING, 4, 4)
    line.end()
    assert file.getvalue() == ""


def test_what_has_no_end_shows_its_note_alone() -> None:
    """There is no bar and no share, only what else there is to say."""
    terminal = Terminal()
    ProgressLine(terminal).see("sending", 4, None, "4 events, 2/s")
    assert terminal.getvalue().endswith("\x1b[Ksending 4 events, 2/s")
