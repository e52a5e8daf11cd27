"""Parses the variables given to ``make``; errors name them as they are typed."""

from __future__ import annotations

import os
import re
from argparse import ArgumentParser
from typing import TYPE_CHECKING, NoReturn

from ingest.errors import FormError, ReadingsFileError
from ingest.files.form_options import add_form_options, form_of
from ingest.files.readings_files import ReadingsFiles, files_of
from ingest.simulator import Fleet
from local_stack.services.processes import StackError
from scoring_contract.errors import HourError
from scoring_contract.hour import RunHour

if TYPE_CHECKING:
    from argparse import Namespace
    from pathlib import Path


class WrongOption(StackError):
    """An option is invalid; the text names it as a variable of ``make``."""


class MakeParser(ArgumentParser):
    """Parses the arguments of a make target; an error is one line, without Python's usage message."""

    def error(self, message: str) -> NoReturn:
        """Raise an error about the arguments.

        :raises WrongOption: always
        """
        raise WrongOption(message)


def hour_option(name: str, text: str) -> RunHour:
    """Parse the hour of an option.

    :param name: the variable of make: ``HOUR``
    :raises WrongOption: suggesting the nearest valid hour
    """
    try:
        return RunHour.read(text)
    except HourError as error:
        raise WrongOption(error.said_of(f"{name}=")) from error


def add_readings_options(parser: ArgumentParser) -> None:
    """Add the options that name files of readings and say how these are written."""
    parser.add_argument("--readings", default="", help="a file, a folder, or a pattern such as 'a/*.csv'")
    add_form_options(parser)


def readings_option(order: Namespace) -> ReadingsFiles:
    """Open the files of the options.

    :raises WrongOption: if a file cannot be read, or an option is wrong
    :raises ReadingsFileError: if a file is not one of readings
    """
    try:
        form = form_of(order)
        paths = files_of([order.readings])
    except FormError as error:
        raise WrongOption(_as_typed(str(error))) from error
    except ReadingsFileError as error:
        raise WrongOption(f"READINGS={error}") from error
    for path in paths:
        if not os.access(path, os.R_OK):
            raise WrongOption(f"READINGS={path} {_problem_of(path)}")
    return ReadingsFiles(paths, form)


def add_fleet_options(parser: ArgumentParser) -> None:
    """Add the options that say how large the simulated fleet is."""
    parser.add_argument("--devices", default="", help="devices; 3 by default")
    parser.add_argument("--tags", default="", help="sensors of each device; 5 by default")


def fleet_option(order: Namespace) -> Fleet:
    """Return the simulated fleet of the options.

    :raises WrongOption: if one is no number above zero
    """
    sizes = {"devices": order.devices, "tags": order.tags}
    for name, text in sizes.items():
        if text and not (text.isdecimal() and int(text)):
            raise WrongOption(f"{name.upper()}={text} is not a number above zero")
    return Fleet(**{name: int(text) for name, text in sizes.items() if text})


def _as_typed(sentence: str) -> str:
    """Name options as variables of make: ``TIMESTAMP_FORMAT`` for ``--timestamp-format``."""
    return re.sub("--([a-z-]+)", lambda found: found[1].replace("-", "_").upper(), sentence)


def _problem_of(path: Path) -> str:
    return "cannot be read: check its permissions" if path.exists() else "does not exist"
