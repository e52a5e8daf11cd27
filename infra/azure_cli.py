"""Runs ``az``, which is signed in already."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

from infra.errors import InfraError


def run_az(*words: str) -> None:
    """Run a command whose output is for people.

    :raises InfraError: if it fails, or ``az`` is not installed
    """
    _checked(subprocess.run([_program(), *words], check=False), words)


def ask_az(*words: str) -> Any:
    """Run a command and return its answer.

    :raises InfraError: if it fails, ``az`` is not installed, or the answer is no JSON
    """
    done = subprocess.run(
        [_program(), *words, "--output", "json"], check=False, stdout=subprocess.PIPE, text=True
    )
    _checked(done, words)
    try:
        return json.loads(done.stdout)
    except ValueError as error:
        raise InfraError(f"az {' '.join(words)} did not answer with JSON") from error


def _program() -> str:
    program = shutil.which("az")
    if program is None:
        raise InfraError("az is missing: install the Azure CLI, with its Bicep (az bicep install)")
    return program


def _checked(done: subprocess.CompletedProcess[Any], words: tuple[str, ...]) -> None:
    if done.returncode:
        raise InfraError(f"az {' '.join(words)} failed")
