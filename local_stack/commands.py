"""``make missing``, ``make doctor`` and ``make airflow``: commands in the environment of ``make up``."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from local_stack import standing
from local_stack.airflow.local import COMMAND
from local_stack.options import MakeParser, WrongOption, hour_option
from local_stack.services.processes import StackError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DATABASE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
CONNECTION = "AIRFLOW_CONN_WASB_DEFAULT"
_UNKNOWN = 2


def missing(words: Sequence[str]) -> int:
    """List incomplete hours of the running stack or, without one, of the configured connections.

    :param words: ``--from`` and ``--to``, each with an hour
    :return: 1 if hours are incomplete, 2 if that cannot be determined
    :raises WrongOption: unless both are hours, the first before the second
    """
    hours = _range(words)
    return _looked(_MISSING_HOURS, hours, in_stack=("--command", "make airflow DO={}"))


def doctor(words: Sequence[str]) -> int:
    """Say what the running stack lacks or, without one, the deployment of the configured connections.

    :param words: ``--try`` and ``--json``
    :return: 1 if something is missing, 2 if that cannot be determined
    """
    return _looked(_PREFLIGHT, words)


def _looked(command: Sequence[str], words: Sequence[str], *, in_stack: Sequence[str] = ()) -> int:
    """Run a command that looks at the running stack or, without one, at the configured connections.

    :param in_stack: more words for it if there is a stack
    """
    running = standing.standing()
    if running is not None:
        return _run([*command, *in_stack, *words], running.environ)
    if CONNECTION not in os.environ:
        print("error: no stack is up: run make up first", file=sys.stderr)
        return _UNKNOWN
    # Without a database URL, Airflow would create an empty database.
    blind = [] if DATABASE in os.environ else ["--without-database"]
    return _run([*command, *blind, *words], {})


def _range(words: Sequence[str]) -> list[str]:
    parser = MakeParser(prog="python -m local_stack missing")
    parser.add_argument("--from", dest="first", default="")
    parser.add_argument("--to", dest="until", default="")
    order = parser.parse_args(words)
    if not (order.first and order.until):
        raise WrongOption("FROM and TO are required, for example FROM=2018-08-29T00 TO=2018-08-30T00")
    first, until = hour_option("FROM", order.first), hour_option("TO", order.until)
    if until <= first:
        reason = f"TO={until} is not after FROM={first}; TO is the first hour after the range"
        raise WrongOption(f"{reason}; try TO={first.next}")
    return ["--from", str(first), "--to", str(until)]


def airflow(words: Sequence[str]) -> int:
    """Run an Airflow command on the running stack; return its exit code.

    :param words: the arguments of ``airflow``
    :raises StackError: if no stack is running
    """
    running = standing.standing()
    if running is None:
        raise StackError("no stack is up: run make up first")
    return _run([*COMMAND, *words], running.environ)


_MISSING_HOURS = (sys.executable, "-m", "sensor_scoring.missing_hours")
_PREFLIGHT = (sys.executable, "-m", "sensor_scoring.preflight")


def _run(command: Sequence[str], environ: Mapping[str, str]) -> int:
    return subprocess.run(command, env={**os.environ, **environ}, check=False).returncode
