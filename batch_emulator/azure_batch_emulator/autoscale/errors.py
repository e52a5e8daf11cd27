"""Everything this package raises on purpose.

FormulaError
├── FormulaSyntaxError   the text is not a formula: found when it is read
└── EvaluationError      the formula has no value in these surroundings: found when it is evaluated

A ``Fault`` is neither: a part that knows what is wrong but not where raises it, and whoever knows
the place turns it into one of the two. None leaves the package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azure_batch_emulator.autoscale.source import Place

SYNTAX_ERROR = "AutoScalingFormulaSyntaxError"
TOO_LONG = "AutoScalingFormulaTooLong"
INSUFFICIENT_SAMPLES = "InsufficientSampleData"
# The service's code for other failures of an evaluation is not documented; this name is a convention.
EVALUATION_FAILED = "AutoScalingFormulaEvaluationError"

_SENTENCES = {
    SYNTAX_ERROR: "The specified auto-scaling formula has a syntax error.",
    TOO_LONG: "The specified auto-scaling formula exceeds the length limit.",
    INSUFFICIENT_SAMPLES: "Autoscale evaluation failed due to insufficient sample data",
    EVALUATION_FAILED: "Autoscale evaluation failed",
}


class FormulaError(Exception):
    """Root of the tree; ``str()`` shows the offending line with a caret under the column."""

    def __init__(self, code: str, detail: str, place: Place) -> None:
        super().__init__(code, detail, place)  # what pickle calls the class with
        self.code = code
        """The service's name for the situation."""
        self.detail = detail
        """What is wrong at this place."""
        self.place = place
        self.message = _SENTENCES.get(code, code)
        """The service's sentence for the code; the same wherever it happens."""

    @property
    def line(self) -> int:
        """Number of the line, from 1."""
        return self.place.line

    @property
    def column(self) -> int:
        """Number of the character in its line, from 1."""
        return self.place.column

    @property
    def source_line(self) -> str:
        """The whole line, as it was written."""
        return self.place.source_line

    @property
    def values(self) -> tuple[tuple[str, str], ...]:
        """The (name, value) pairs the service sends along."""
        return (("Message", f"{self.place}: {self.detail}"),)

    def __str__(self) -> str:
        return f"{self.message}\n{self.place}: {self.detail}\n{self.place.drawn()}"


class FormulaSyntaxError(FormulaError):
    """The text cannot be read as a formula."""


class EvaluationError(FormulaError):
    """The formula cannot be evaluated in these surroundings; the pool is to stay as it is."""


class Fault(Exception):
    """What is wrong, by a part that does not know where."""

    def __init__(self, detail: str, *, code: str = EVALUATION_FAILED) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code
