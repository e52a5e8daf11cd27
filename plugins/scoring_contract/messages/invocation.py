"""The command line of the scorer, and its exit codes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Self

from scoring_contract import CONTRACT_VERSION
from scoring_contract.errors import InvocationError
from scoring_contract.messages.report import Cause, SensorState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from scoring_contract.messages.report import SensorReport

PROGRAM = ("python", "-m", "scorer")
"""First words of every command line; the image has the module on its path."""


class ExitCode(IntEnum):
    """Exit codes of the scorer. 128 and above mean that a signal ended it.

    Azure Batch reports a killed process itself.
    """

    SUCCESS = 0
    """Every sensor was scored or had no readings."""
    UNEXPECTED = 1
    """An internal error of the scorer; the traceback is in stderr."""
    ORDER = 2
    """Invalid command line, environment or manifest; argparse uses the same code."""
    MODEL = 3
    DATA = 4
    STORAGE = 5
    PARTLY_FAILED = 6
    """Only some sensors failed, or they failed for different causes; the report names them."""

    @classmethod
    def of(cls, sensors: Iterable[SensorReport]) -> ExitCode:
        """Return the code for the sensors of one manifest or training order."""
        outcomes = tuple(sensors)
        causes = {
            sensor.cause or Cause.UNEXPECTED for sensor in outcomes if sensor.state is SensorState.FAILED
        }
        if not causes:
            return cls.SUCCESS
        if len(causes) > 1 or any(sensor.state is not SensorState.FAILED for sensor in outcomes):
            return cls.PARTLY_FAILED
        return _CODE_OF_CAUSE[causes.pop()]


_CODE_OF_CAUSE = {
    Cause.ORDER: ExitCode.ORDER,
    Cause.MODEL: ExitCode.MODEL,
    Cause.DATA: ExitCode.DATA,
    Cause.STORAGE: ExitCode.STORAGE,
    Cause.UNEXPECTED: ExitCode.UNEXPECTED,
}


@dataclass(frozen=True, slots=True)
class ScoreInvocation:
    """One call of ``scorer score``."""

    manifest: str
    """Blob in ``runs``."""
    report: str
    """Blob in ``runs`` that is written last."""

    def to_argv(self) -> tuple[str, ...]:
        """Return the arguments after :data:`PROGRAM`."""
        return (
            "score",
            "--contract", str(CONTRACT_VERSION),
            "--manifest", self.manifest,
            "--report", self.report,
        )  # fmt: skip

    @classmethod
    def from_argv(cls, argv: Sequence[str]) -> Self:
        """Parse the arguments after :data:`PROGRAM`.

        :raises InvocationError: for anything that :meth:`to_argv` of this contract version does not write
        """
        words = tuple(argv)
        if words[:1] != ("score",):
            raise InvocationError(f"expected 'score', found {' '.join(words[:1]) or 'nothing'}")
        options = _options(words[1:], allowed=("--contract", "--manifest", "--report"))
        if options["--contract"] != str(CONTRACT_VERSION):
            raise InvocationError(
                f"the orchestrator speaks contract version {options['--contract']}, this scorer "
                f"{CONTRACT_VERSION}: use a scoring image of the orchestrator's version"
            )
        return cls(manifest=options["--manifest"], report=options["--report"])


@dataclass(frozen=True, slots=True)
class TrainInvocation:
    """One call of ``scorer train`` for a group of sensors; the order itself contains the contract version."""

    order: str
    """Blob in ``runs``."""
    report: str
    """Blob in ``runs`` that is written last."""

    def to_argv(self) -> tuple[str, ...]:
        """Return the arguments after :data:`PROGRAM`."""
        return ("train", "--order", self.order, "--report", self.report)

    @classmethod
    def from_argv(cls, argv: Sequence[str]) -> Self:
        """Parse the arguments after :data:`PROGRAM`.

        :raises InvocationError: for anything that :meth:`to_argv` does not write
        """
        words = tuple(argv)
        if words[:1] != ("train",):
            raise InvocationError(f"expected 'train', found {' '.join(words[:1]) or 'nothing'}")
        options = _options(words[1:], allowed=("--order", "--report"))
        return cls(order=options["--order"], report=options["--report"])


def _options(words: tuple[str, ...], *, allowed: tuple[str, ...]) -> dict[str, str]:
    names, values = words[::2], words[1::2]
    if sorted(names) != sorted(allowed) or len(values) != len(names):
        raise InvocationError(
            f"expected {' '.join(allowed)}, each once with a value, found {' '.join(words)}"
        )
    return dict(zip(names, values, strict=True))
