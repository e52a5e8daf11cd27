"""Says what a deployment lacks: ``python -m sensor_scoring.preflight [--try] [--json]``.

Exits with 0 if nothing is missing, with 1 if something is. Runs wherever Airflow's own commands run, with
their environment. Reads only; with ``--try`` it writes a blob to each container and deletes it, sends a test
message on each channel, and scores one sensor on the pool and tidies up after it.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, TextIO, cast

from sensor_scoring.preflight.checks import findings
from sensor_scoring.preflight.deployment import Deployment
from sensor_scoring.preflight.finding import Verdict
from sensor_scoring.preflight.report import as_json, line_of, verdict_over

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from airflow.sdk import Context

_MISSING = 1


def main(argv: Sequence[str]) -> int:
    """Run the command; its exit code is that of the process."""
    parser = argparse.ArgumentParser(prog="python -m sensor_scoring.preflight", description=__doc__)
    parser.add_argument("--try", dest="tries", action="store_true", help="also write, send and score")
    parser.add_argument("--json", dest="is_json", action="store_true", help="print JSON, for pipelines")
    parser.add_argument("--without-database", action="store_true", help="do not ask Airflow's database")
    order = parser.parse_args(argv)
    # As Airflow's own commands: connections that a person made in the web UI are in the database.
    os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")
    logging.getLogger("sensor_scoring").setLevel(logging.WARNING)
    deployment = Deployment(os.environ, cast("Context", {}), has_database=not order.without_database)
    found = []
    with closing(deployment), _own_stdout() as out:
        for finding in findings(deployment, tries=order.tries):
            found.append(finding)
            if not order.is_json:
                out.write(f"{line_of(finding)}\n")
                out.flush()
        out.write(f"{as_json(found) if order.is_json else verdict_over(found)}\n")
    return _MISSING if any(finding.verdict is Verdict.MISSING for finding in found) else 0


@contextmanager
def _own_stdout() -> Iterator[TextIO]:
    """Keep stdout for the findings: Airflow logs to it, too, and does so to stderr meanwhile."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)
        try:
            yield out
        finally:
            out.flush()
            os.dup2(out.fileno(), 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
