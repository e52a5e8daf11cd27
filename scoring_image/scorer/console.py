"""Console output: progress on stdout, errors on stderr; signatures are masked on both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scorer.address import without_secrets

if TYPE_CHECKING:
    from typing import TextIO


@dataclass(frozen=True, slots=True)
class Console:
    """The two output streams; every line is flushed, so none is lost when the process is killed."""

    out: TextIO
    err: TextIO

    def tell(self, line: str) -> None:
        """Print progress."""
        print(without_secrets(line), file=self.out, flush=True)

    def complain(self, sentence: str) -> None:
        """Print an error; the orchestrator's log shows the last of them."""
        print(without_secrets(sentence), file=self.err, flush=True)

    def trace(self, error: BaseException) -> None:
        """Print the traceback of an internal error."""
        import traceback  # noqa: PLC0415  # processes without errors do not need it

        self.complain("".join(traceback.format_exception(error)).rstrip())
