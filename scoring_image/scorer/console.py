"""What the process says: short lines to stdout, faults to stderr; never with a signature in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scorer.address import without_secrets

if TYPE_CHECKING:
    from typing import TextIO


@dataclass(frozen=True, slots=True)
class Console:
    """The two streams of a process; lines are flushed, so that a killed process leaves what it had said."""

    out: TextIO
    err: TextIO

    def tell(self, line: str) -> None:
        """Say how things go."""
        print(without_secrets(line), file=self.out, flush=True)

    def complain(self, sentence: str) -> None:
        """Say what went wrong; people see the tail of it in the orchestrator's log."""
        print(without_secrets(sentence), file=self.err, flush=True)

    def trace(self, error: BaseException) -> None:
        """Print the traceback of a fault of our own."""
        import traceback  # noqa: PLC0415  # the rest of its life a process does without

        self.complain("".join(traceback.format_exception(error)).rstrip())
