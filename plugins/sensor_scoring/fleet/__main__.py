"""Looks after the history of the fleet: ``python -m sensor_scoring.fleet rebuild``.

It says for each hour what became of its record. Exit code: 0 if every summary was read, 1 if one was not, 2
if Blob Storage cannot be asked.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from scoring_contract.errors import ContractError
from scoring_contract.hour import RunHour
from sensor_scoring.blob_storage.store import BlobStore
from sensor_scoring.errors import ScoringError
from sensor_scoring.fleet.rebuild import rebuild
from sensor_scoring.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

_UNREAD, _UNKNOWN = 1, 2


def main(argv: Sequence[str]) -> int:
    """Run the command; its exit code is that of the process."""
    order = _order(argv)
    # As Airflow's own commands: connections that a person made in the web UI are in the database.
    os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")
    try:
        return _rebuild(order.first, order.last)
    except (ContractError, ScoringError) as error:
        sys.stderr.write(f"error: {error}\n")
        return _UNKNOWN


def _rebuild(first: RunHour, last: RunHour) -> int:
    settings = Settings.from_environ(os.environ)
    store = BlobStore(settings.connections.wasb_conn_id)
    code, hour = 0, first
    while hour <= last:
        rebuilt = rebuild(store, settings, hour)
        sys.stdout.write(f"{rebuilt.describe()}\n")
        code = _UNREAD if rebuilt.problems else code
        hour = hour.next
    return code


def _order(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sensor_scoring.fleet", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    again = commands.add_parser("rebuild", help="make the records of hours from the summaries of runs")
    again.add_argument("--from", dest="first", type=_hour, required=True, help="first UTC hour")
    again.add_argument("--to", dest="last", type=_hour, required=True, help="last UTC hour")
    return parser.parse_args(argv)


def _hour(text: str) -> RunHour:
    try:
        return RunHour.read(text)
    except ContractError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
