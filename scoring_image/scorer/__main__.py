"""The edge of the process: words in, exit code out.

``python -m scorer score ...`` is written by the orchestrator (``scoring_contract.invocation``),
``python -m scorer train --order ...`` too; ``python -m scorer train --from ...`` and ``models ...`` are typed
by people (``--help`` explains them).
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
from scoring_contract.invocation import ExitCode, ScoreInvocation, TrainInvocation

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping, Sequence

_OBJECTS_BETWEEN_COLLECTIONS = 100_000
"""Collecting cyclic garbage after every 700 objects cost a tenth of a packed run, and found nothing."""
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
"""Where Debian, Ubuntu and Alpine keep the certificates that the system trusts; others have no such file."""
_USAGE = """\
usage: python -m scorer score --contract N --manifest BLOB --report BLOB
       python -m scorer train --from HOUR --until HOUR [--nu SHARE] [--gamma RULE] [--min-rows N]
       python -m scorer train --order BLOB --report BLOB
       python -m scorer models list | show | promote | rollback | add | convert | pack | verify | repair"""


def main(argv: Sequence[str], environ: MutableMapping[str, str], console: Console) -> ExitCode:
    """Run one command and turn whatever goes wrong into an exit code."""
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
            order_given = TrainInvocation.from_argv(argv)
            from scorer.training.group import train_group  # noqa: PLC0415  # numpy after the threads are set

            return train_group(order_given, environ, console=console, started=started)
        case ["train"]:
            from scorer.training.options import train_order  # noqa: PLC0415  # scoring does not need argparse

            order = train_order(argv[1:])
            from scorer.training.train import train  # noqa: PLC0415  # numpy after the threads are set, for a good order

            return train(order, environ, console=console, started=started)
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
    """Keep numpy to one thread: our sums are small, and a node runs one process per slot.

    The libraries read these when numpy is imported, so this comes first.
    """
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        environ.setdefault(name, "1")


def _read_certificates_once(environ: MutableMapping[str, str]) -> None:
    """Let the storage client read the system's bundle of certificates, not the same ones file by file, too.

    Unless told, it reads both for each container it opens: ten milliseconds of scoring one sensor. Told it is
    by these variables of the process: https://docs.rs/rustls-native-certs.
    """
    if not environ.keys() & {"SSL_CERT_FILE", "SSL_CERT_DIR"} and os.path.isfile(BUNDLE):  # noqa: PTH113  # no import for it
        environ["SSL_CERT_FILE"] = BUNDLE


def _leave(argv: Sequence[str], code: ExitCode) -> NoReturn:
    """End the process. Scoring ends it at once: every byte is in its place, every line was flushed.

    To take the interpreter apart first costs 15 ms, a tenth of what a sensor costs, and frees what ends with
    the process all the same.
    """
    if argv[:1] == ["score"]:
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    _leave(sys.argv[1:], main(sys.argv[1:], os.environ, Console(sys.stdout, sys.stderr)))
