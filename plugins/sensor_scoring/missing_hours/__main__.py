"""Lists incomplete hours: ``python -m sensor_scoring.missing_hours --from 2018-08-29T00 --to 2018-08-30T00``.

Prints what each hour lacks and the commands that complete them. Exits with 0 if all hours are complete, with
1 if not, with 2 if it could not find out. Runs wherever Airflow's own commands run: it uses Airflow's
connection to the storage account, and Airflow's database tells which hours have a run already.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airflow.models.dagrun import DagRun

from scoring_contract.errors import ContractError
from scoring_contract.hour import RunHour
from sensor_scoring.blob_storage.store import BlobStore
from sensor_scoring.errors import ScoringError
from sensor_scoring.hourly.names import DAG_ID
from sensor_scoring.missing_hours.dag_runs import slots_among
from sensor_scoring.missing_hours.gaps import due
from sensor_scoring.missing_hours.repair import Slot
from sensor_scoring.missing_hours.report import MissingReport
from sensor_scoring.missing_hours.scan import find_gaps
from sensor_scoring.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

_MISSING, _UNKNOWN = 1, 2


def main(argv: Sequence[str]) -> int:
    """Run the command; its exit code is that of the process."""
    order = _order(argv)
    # As Airflow's own commands: connections that a person made in the web UI are in the database.
    os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")
    try:
        report, count = look(order.first, order.until, asks_airflow=not order.without_database)
    except (ContractError, ScoringError) as error:
        sys.stderr.write(f"error: {error}\n")
        return _UNKNOWN
    if not report.gaps:
        sys.stdout.write(f"All {count} hours from {order.first} up to {order.until} are complete.\n")
        return 0
    shown = (lambda words: order.command.format(shlex.quote(shlex.join(words)))) if order.command else None
    sys.stdout.write("\n".join((*report.table(), "", *report.commands(shown))) + "\n")
    return _MISSING


def look(first: RunHour, until: RunHour, *, asks_airflow: bool) -> tuple[MissingReport, int]:
    """Look at a range of hours.

    :param asks_airflow: whether Airflow's database is there to be asked
    :return: what is missing, and how many hours were looked at: those whose readings can be complete
    """
    settings, now = Settings.from_environ(os.environ), datetime.now(UTC)
    store = BlobStore(settings.connections.wasb_conn_id)
    gaps = list(find_gaps(store, settings, first=first, until=until, now=now))
    hours = [gap.hour for gap in gaps]
    slots = slots_of(hours) if asks_airflow else dict.fromkeys(hours, Slot.UNKNOWN)
    return MissingReport.of(gaps, slots), len(
        list(due(first, until, lateness=settings.hourly.lateness, now=now))
    )


def slots_of(hours: Sequence[RunHour]) -> dict[RunHour, Slot]:
    """Read from Airflow's database what it has at the logical dates of hours."""
    return slots_among(DagRun.find(dag_id=DAG_ID, logical_date=[hour.start for hour in hours]), hours)


def _order(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sensor_scoring.missing_hours", description=__doc__)
    parser.add_argument("--from", dest="first", type=_hour, required=True, help="first UTC hour")
    parser.add_argument("--to", dest="until", type=_hour, required=True, help="first hour that is left out")
    parser.add_argument(
        "--without-database", action="store_true", help="do not ask Airflow's database for runs"
    )
    parser.add_argument("--command", default="", help="how to print a command; {} stands for its words")
    return parser.parse_args(argv)


def _hour(text: str) -> RunHour:
    try:
        return RunHour.read(text)
    except ContractError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
