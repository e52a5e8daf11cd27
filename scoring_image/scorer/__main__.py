"""Entry point: command line in, exit code out.

The orchestrator writes ``python -m scorer score ...`` and ``python -m scorer train --order ...``
(``scoring_contract.messages.invocation``); people type ``python -m scorer train --from ...`` and
``models ...`` (``--help`` explains them).
"""

from __future__ import annotations

import gc
import os
import sys
import time
from typing import TYPE_CHECKING, NoReturn

from scorer.console import Console
from scorer.errors import ScorerError
from scoring_contract.errors import ContractError
from scoring_contract.messages.invocation import ExitCode, ScoreInvocation, TrainInvocation

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping, Sequence

_OBJECTS_BETWEEN_COLLECTIONS = 100_000
"""Python's default of 700 allocations spent a tenth of a packed run on collections that found nothing."""
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
"""Trusted certificates on Debian, Ubuntu and Alpine; other systems have no such file."""
_USAGE = """\
usage: python -m scorer score --contract N --manifest BLOB --report BLOB
       python -m scorer train --from HOUR --until HOUR [--nu SHARE] [--gamma RULE] [--min-rows N]
       python -m scorer train --order BLOB --report BLOB
       python -m scorer models list | show | promote | rollback | add | convert | pack | verify | repair"""


def main(argv: Sequence[str], environ: MutableMapping[str, str], console: Console) -> ExitCode:
    """Run one command; turn every error into a message and an exit code."""
    started = time.monotonic()
    _use_one_blas_thread(environ)
    _read_certificates_once(environ)
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    try:
        return _run(argv, environ, console, started)
    except ScorerError as fault:
        console.complain(str(fault))
        return ExitCode[fault.cause.name]
    except ContractError as error:
        console.complain(str(error))
        return ExitCode.ORDER
    except Exception as error:  # noqa: BLE001  # the one catch-all: a traceback and a code instead of neither
        console.trace(error)
        return ExitCode.UNEXPECTED


def _run(argv: Sequence[str], environ: Mapping[str, str], console: Console, started: float) -> ExitCode:
    match argv[:1]:
        case ["models"]:
            from scorer.models_command.command import models  # noqa: PLC0415  # scoring does not need argparse

            return models(argv[1:], environ, console=console)
        case ["train"] if "--order" in argv:
            given = TrainInvocation.from_argv(argv)
            from scorer.training.order import train_order  # noqa: PLC0415  # numpy after the threads are set

            return train_order(given, environ, console=console, started=started)
        case ["train"]:
            from scorer.training.command import train_command  # noqa: PLC0415  # scoring does not need argparse

            command = train_command(argv[1:])
            from scorer.training.train import train  # noqa: PLC0415  # numpy after the threads are set, for a good command

            return train(command, environ, console=console, started=started)
        case ["-h" | "--help"]:
            console.tell(_USAGE)
            return ExitCode.SUCCESS
        case ["score"]:
            invocation = ScoreInvocation.from_argv(argv)
            from scorer.scoring.score import score  # noqa: PLC0415  # numpy after the threads are set

            return score(invocation, environ, console=console, started=started)
        case _:
            console.complain(_USAGE)
            return ExitCode.ORDER


def _use_one_blas_thread(environ: MutableMapping[str, str]) -> None:
    """Limit numpy to one thread: the sums are small, and a node runs one process per slot.

    The BLAS libraries read these variables when numpy is imported, so this must run first.
    """
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        environ.setdefault(name, "1")


def _read_certificates_once(environ: MutableMapping[str, str]) -> None:
    """Point the storage client at the system's certificate bundle.

    By default it reads the bundle and then the same certificates file by file, for each container it opens:
    ten milliseconds of scoring one sensor. ``SSL_CERT_FILE`` restricts it to the bundle:
    https://docs.rs/rustls-native-certs.
    """
    if not environ.keys() & {"SSL_CERT_FILE", "SSL_CERT_DIR"} and os.path.isfile(BUNDLE):  # noqa: PTH113  # no import for it
        environ["SSL_CERT_FILE"] = BUNDLE


def _leave(argv: Sequence[str], code: ExitCode) -> NoReturn:
    """End the process; after scoring, without the interpreter's cleanup.

    All blobs are written and all lines flushed by then. Cleanup would take 15 ms, a tenth of the time of one
    sensor, to free memory that ends with the process anyway.
    """
    if argv[:1] == ["score"]:
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    _leave(sys.argv[1:], main(sys.argv[1:], os.environ, Console(sys.stdout, sys.stderr)))
