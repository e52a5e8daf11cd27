"""What a person gave to ``make``, read and refused in the words that were typed."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import NoReturn

from local_stack.processes import StackError
from scoring_contract.errors import HourError
from scoring_contract.hour import RunHour


class WrongOption(StackError):
    """An option cannot be meant; the text names it as ``make`` takes it."""


class MakeParser(ArgumentParser):
    """Reads the words that a make target passes on; refuses in one line, without the usage of Python."""

    def error(self, message: str) -> NoReturn:
        """Refuse.

        :raises WrongOption: always
        """
        raise WrongOption(message)


def hour_option(name: str, text: str) -> RunHour:
    """Return the hour of an option.

    :param name: as make has it: ``HOUR``
    :raises WrongOption: with the nearest right one, in make's words
    """
    try:
        return RunHour.read(text)
    except HourError as error:
        raise WrongOption(error.said_of(f"{name}=")) from error


def file_option(name: str, text: str) -> Path:
    """Return the file of an option.

    :raises WrongOption: unless it is there and can be read
    """
    path = Path(text).expanduser()
    if not path.is_file() or not os.access(path, os.R_OK):
        raise WrongOption(f"{name}={text} {_problem_of(path)}")
    return path


def _problem_of(path: Path) -> str:
    if path.is_dir():
        return "is a folder, not a file"
    return "cannot be read: look at its permissions" if path.exists() else "does not exist"
