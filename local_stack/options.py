"""Parses the variables given to ``make``; errors name them as they are typed."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import NoReturn

from local_stack.services.processes import StackError
from scoring_contract.errors import HourError
from scoring_contract.hour import RunHour


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


def file_option(name: str, text: str) -> Path:
    """Return the file of an option.

    :param name: the variable of make: ``READINGS``
    :raises WrongOption: unless it is a readable file
    """
    path = Path(text).expanduser()
    if not path.is_file() or not os.access(path, os.R_OK):
        raise WrongOption(f"{name}={text} {_problem_of(path)}")
    return path


def _problem_of(path: Path) -> str:
    if path.is_dir():
        return "is a folder, not a file"
    return "cannot be read: check its permissions" if path.exists() else "does not exist"
