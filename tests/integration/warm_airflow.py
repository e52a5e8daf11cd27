"""``airflow dags test`` again and again in one process: most of what a run takes is Airflow's start.

``make run``, whose tests are those of the README, starts Airflow anew for each run.
"""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from local_stack.airflow.local import LocalAirflow
from local_stack.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping
    from pathlib import Path

    from scoring_contract.hour import RunHour

_END = "The command has ended."
_RUNNING = """
import json, os, sys
from airflow.cli import cli_parser

errors = sys.stderr.fileno()
while line := sys.stdin.readline():
    words, environ, log = json.loads(line)
    os.environ.clear()
    os.environ.update(environ)
    with open(log, "a") as file:
        os.dup2(file.fileno(), errors)
    args = cli_parser.get_parser().parse_args(words)
    try:
        args.func(args)
    except SystemExit as end:  # a run that failed
        print(end, file=sys.stderr, flush=True)
    print(sys.argv[1], flush=True)
"""


class WarmProcess:
    """A process that runs commands of Airflow, one after the other."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def lines(self, words: list[str], environ: Mapping[str, str], log: Path) -> Generator[str, None, None]:
        """Run a command; yield the lines of its output, which also go to a file."""
        log.unlink(missing_ok=True)
        process = self._started(environ)
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps([words, dict(environ), str(log)]) + "\n")
        process.stdin.flush()
        with log.open("a") as file:
            for line in process.stdout:
                if line.startswith(_END):
                    return
                file.write(line)
                file.flush()
                yield line
        raise AssertionError(f"Airflow ended: {log.read_text()[-3000:]}")

    def _started(self, environ: Mapping[str, str]) -> subprocess.Popen[str]:
        self._process = self._process or subprocess.Popen(
            [sys.executable, "-c", _RUNNING, _END],
            env=dict(environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        return self._process

    def stop(self) -> None:
        """End the process."""
        if self._process:
            self._process.kill()
            self._process.communicate()


@contextmanager
def warm_process() -> Iterator[WarmProcess]:
    """Have a process that starts with the first command and ends with the tests."""
    process = WarmProcess()
    try:
        yield process
    finally:
        process.stop()


@dataclass(frozen=True, slots=True)
class WarmAirflow(LocalAirflow):
    """A local Airflow whose runs share a process.

    :param process: for runs with this home folder alone
    """

    process: WarmProcess

    def test_dag(
        self, dag_id: str, hour: RunHour, *, log: Path, params: Mapping[str, Any] | None = None
    ) -> Generator[str, None, None]:
        """Run a DAG once for an hour; yield its log lines, which also go to a file."""
        yield from self.process.lines(self.words(dag_id, hour, params), self.environ(), log)


@dataclass(frozen=True, slots=True)
class WarmStack(Stack):
    """A running stack with such an Airflow."""

    process: WarmProcess

    @classmethod
    def of(cls, stack: Stack, process: WarmProcess) -> Self:
        """Let a stack's runs share a process."""
        return cls(stack.workspace, stack.storage, stack.batch, process)

    def airflow(self, settings: Mapping[str, str] | None = None, *, home: Path | None = None) -> WarmAirflow:
        """Return the Airflow, after migrating its database."""
        place = home or self.workspace.airflow
        airflow = WarmAirflow(place, self.storage, self.batch, settings or {}, self.process)
        airflow.migrate()
        return airflow
