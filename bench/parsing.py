"""Measures how long a task instance parses its DAG file: ``python -m bench.parsing``, for ``make bench-hop``.

Each parse is the first one of its process, which is forked, as task instances are, from a process with the
preloaded modules of the fork server.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from local_stack.bootstrap import ROOT
from sensor_scoring.airflow_config import FORK_SERVER

RESULTS = Path(__file__).parent / "results" / "parsing.json"
_ROUNDS = 15


def main() -> None:
    """Measure every DAG file, print and save the medians."""
    with TemporaryDirectory(prefix="bench-") as folder:
        os.environ.update(_environ(folder))
        for name in FORK_SERVER["AIRFLOW__CORE__MP_FORKSERVER_PRELOAD"].split(","):
            import_module(name)
        found = {file.name: _median_ms(file) for file in sorted((ROOT / "dags").glob("*.py"))}
    print(json.dumps(found, indent=2))
    RESULTS.write_text(json.dumps(found, indent=2) + "\n")


def _environ(home: str) -> dict[str, str]:
    return {
        "AIRFLOW_HOME": home,
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        # At INFO, each parse logs the name of its file.
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
    }


def _median_ms(file: Path) -> float:
    with get_context("fork").Pool(1, maxtasksperchild=1) as pool:
        return round(statistics.median(pool.map(parsed_ms, [file] * _ROUNDS, chunksize=1)), 1)


def parsed_ms(file: Path) -> float:
    """Parse a DAG file; return the CPU time in milliseconds.

    :raises SystemExit: if it has no DAG
    """
    from airflow.dag_processing.dagbag import BundleDagBag  # noqa: PLC0415  reads AIRFLOW_HOME when imported

    started = time.process_time()
    bag = BundleDagBag(dag_folder=str(file), bundle_path=file.parent, bundle_name="dags-folder")
    spent = time.process_time() - started
    if not bag.dags:
        raise SystemExit(f"{file} does not parse: {bag.import_errors}")
    return spent * 1e3


if __name__ == "__main__":
    main()
