"""``make missing`` and ``make airflow``: commands in the environment of the Airflow of ``make up``."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from local_stack import standing
from local_stack.airflow import COMMAND
from local_stack.processes import StackError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DATABASE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
CONNECTION = "AIRFLOW_CONN_WASB_DEFAULT"
_UNKNOWN = 2


def missing(words: Sequence[str]) -> int:
    """Say which hours are not whole, in the stack that is up or wherever our connections lead.

    :param words: those of ``python -m sensor_scoring.missing_hours``
    :return: its exit code: 1 if hours are missing, 2 if that could not be found out
    """
    running = standing.standing()
    if running is not None:
        return _run([*_MISSING_HOURS, "--command", "make airflow DO={}", *words], running.environ)
    if CONNECTION not in os.environ:
        print(f"error: no stack is up, and {CONNECTION} is not set: make up comes first", file=sys.stderr)
        return _UNKNOWN
    # Without its address, Airflow would make itself an empty database.
    blind = [] if DATABASE in os.environ else ["--without-database"]
    return _run([*_MISSING_HOURS, *blind, *words], {})


def airflow(words: Sequence[str]) -> int:
    """Run a command of Airflow's on the stack that is up; its exit code is ours.

    :raises StackError: if none is up
    """
    running = standing.standing()
    if running is None:
        raise StackError("no stack is up: make up comes first")
    return _run([*COMMAND, *words], running.environ)


_MISSING_HOURS = (sys.executable, "-m", "sensor_scoring.missing_hours")


def _run(command: Sequence[str], environ: Mapping[str, str]) -> int:
    return subprocess.run(command, env={**os.environ, **environ}, check=False).returncode
