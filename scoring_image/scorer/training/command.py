"""The command line of training: hours, and the options of the fit."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from dataclasses import Field, dataclass, fields
from typing import TYPE_CHECKING, Any, cast

from scoring_contract.errors import LayoutError, OptionError
from scoring_contract.fit_options import FitOptions, help_of, kind_of
from scoring_contract.hour import RunHour
from scoring_contract.option_kinds import Choice, Names, Switch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from scoring_contract.option_kinds import Kind


@dataclass(frozen=True, slots=True)
class TrainCommand:
    """One call of ``scorer train`` by a person."""

    trained_from: RunHour
    trained_until: RunHour
    """First hour that is not trained on."""
    options: FitOptions

    @property
    def hours(self) -> Iterator[RunHour]:
        """The hours to train on, oldest first."""
        hour = self.trained_from
        while hour < self.trained_until:
            yield hour
            hour = hour.next


def train_command(argv: Sequence[str]) -> TrainCommand:
    """Parse the words after ``train``.

    :raises SystemExit: with code 2 and a sentence on stderr for an invalid command line
    """
    parser = ArgumentParser(
        prog="python -m scorer train", description="Fit a model for each sensor and publish them all."
    )
    parser.add_argument("--from", required=True, type=_hour, dest="trained_from", metavar="HOUR",
                        help="first hour to train on (UTC), for example 2018-08-28T23")  # fmt: skip
    parser.add_argument("--until", required=True, type=_hour, dest="trained_until", metavar="HOUR",
                        help="first hour after the training hours")  # fmt: skip
    for entry in fields(FitOptions):
        _add_option(parser, entry)
    given = vars(parser.parse_args(argv))
    start, end = given.pop("trained_from"), given.pop("trained_until")
    if end <= start:
        parser.error(f"--until {end} is not after --from {start}")
    try:
        return TrainCommand(start, end, FitOptions.of(given))
    except OptionError as error:
        parser.error(f"argument {_flag(error.option)}: {error.problem}")


def _add_option(parser: ArgumentParser, entry: Field[Any]) -> None:
    """Add an option of the fit."""
    kind, default = kind_of(entry), cast("Any", entry.default)
    meaning = f"{help_of(entry)}; default: {' '.join(default) if isinstance(default, tuple) else default}"
    match kind:
        case Switch():
            negated = help_of(entry).replace("whether to", "do not", 1)
            parser.add_argument(f"--no-{entry.name}", action="store_false", dest=entry.name, help=negated)
        case Choice(words):
            parser.add_argument(_flag(entry.name), choices=words, default=default, help=meaning)
        case Names():
            parser.add_argument(_flag(entry.name), nargs="+", default=default, metavar="COLUMN", help=meaning)
        case _:
            parser.add_argument(_flag(entry.name), type=_reader(kind), default=default, help=meaning)


def _reader(kind: Kind) -> Callable[[str], Any]:
    """Return a function that reads a text, with the sentence of the kind for a wrong one."""

    def read(text: str) -> Any:
        try:
            return kind.read(text)
        except ValueError as error:
            raise ArgumentTypeError(str(error)) from error

    return read


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _hour(text: str) -> RunHour:
    try:
        return RunHour.read(text)
    except LayoutError as error:
        raise ArgumentTypeError(str(error)) from error
