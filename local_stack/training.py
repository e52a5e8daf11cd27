"""Trains models in the scorer's environment."""

from __future__ import annotations

import os
import subprocess
import sys
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

from local_stack.bootstrap import python_of
from local_stack.services.processes import StackError
from scoring_contract.access import variable_of
from scoring_contract.layout import Container
from scoring_contract.messages.invocation import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from local_stack.services.blob_account import BlobAccount
    from scoring_contract.hour import RunHour

_GRANTS = {Container.DATA: "rl", Container.MODELS: "rcwl"}


def train_models(
    storage: BlobAccount,
    scorer: Path,
    first: RunHour,
    until: RunHour,
    *,
    on_line: Callable[[str], None] | None = None,
    on_refused: Callable[[str], None] | None = None,
) -> str:
    """Train a model for every sensor with readings, and make it the current one.

    Sensors that cannot be trained are named; the others get their models.

    :param scorer: the scorer's environment
    :param first: first hour to train on
    :param until: first hour after the training hours
    :param on_line: called with each line that training prints
    :param on_refused: called with the lines about sensors that cannot be trained; by default stderr gets them
    :return: the last line that training printed
    :raises StackError: with the output, if no model could be trained
    """
    access = {variable_of(name): storage.signed_url(name, letters) for name, letters in _GRANTS.items()}
    lines: list[str] = []
    with (
        TemporaryFile("w+", errors="replace") as faults,
        subprocess.Popen(
            [python_of(scorer), "-m", "scorer", "train", "--from", str(first), "--until", str(until)],
            env={**os.environ, **access, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=faults,
            text=True,
            errors="replace",
        ) as process,
    ):
        for line in process.stdout or ():
            lines.append(line.rstrip())
            if on_line:
                on_line(lines[-1])
        code = process.wait()
        faults.seek(0)
        said = faults.read().rstrip()
    if code == ExitCode.PARTLY_FAILED:
        (on_refused or _to_stderr)(said)
    elif code:
        raise StackError("\n".join((f"training failed with code {code}:", *lines, said)))
    return lines[-1] if lines else ""


def _to_stderr(text: str) -> None:
    print(text, file=sys.stderr)
