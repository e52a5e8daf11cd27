"""``make missing`` and ``make airflow``: commands in the environment of the Airflow of ``make up``."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from local_stack import standing
from local_stack.airflow import COMMAND
from local_stack.options import MakeParser, WrongOption, hour_option
from local_stack.processes import StackError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DATABASE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
CONNECTION = "AIRFLOW_CONN_WASB_DEFAULT"
_UNKNOWN = 2


def missing(words: Sequence[str]) -> int:
    """List incomplete hours, in the running stack or wherever our connections lead.

    :param words: ``--from`` and ``--to``, each with an hour
    :return: 1 if hours are missing, 2 if that could not be found out
    :raises WrongOption: unless both are hours, one after the other
    """
    hours = _range(words)
    running = standing.standing()
    if running is not None:
        return _run([*_MISSING_HOURS, "--command", "make airflow DO={}", *hours], running.environ)
    if CONNECTION not in os.environ:
        print("error: no stack is up: make up comes first", file=sys.stderr)
        return _UNKNOWN
    # Without its address, Airflow would make itself an empty database.
    blind = [] if DATABASE in os.environ else ["--without-database"]
    return _run([*_MISSING_HOURS, *blind, *hours], {})


def _range(words: Sequence[str]) -> list[str]:
    parser = MakeParser(prog="python -m local_stack missing")
    parser.add_argument("--from", dest="first", default="")
    parser.add_argument("--to", dest="until", default="")
    order = parser.parse_args(words)
    if not (order.first and order.until):
        raise WrongOption("FROM and TO name the hours, for example FROM=2018-08-29T00 TO=2018-08-30T00")
    first, until = hour_option("FROM", order.first), hour_option("TO", order.until)
    if until <= first:
        reason = f"TO={until} is not after FROM={first}; TO is the first hour that is left out"
        raise WrongOption(f"{reason}; try TO={first.next}")
    return ["--from", str(first), "--to", str(until)]


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
