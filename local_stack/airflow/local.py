"""A local Airflow: its environment, its database, and runs of a DAG in the foreground."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local_stack.bootstrap import LOCK, ROOT
from local_stack.services.emulator import ACCOUNT as BATCH_ACCOUNT
from local_stack.services.processes import Server, StackError

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from local_stack.services.azurite import BlobStorage
    from local_stack.services.emulator import BatchAccount
    from scoring_contract.hour import RunHour

SCORING_IMAGE = "sensor-scoring:latest"
"""Name of the image that the scorer's environment replaces."""
COMMAND = (sys.executable, "-m", "airflow")


@dataclass(frozen=True, slots=True)
class LocalAirflow:
    """An Airflow home folder, and the services of its connections.

    :param home: Airflow's home folder, with its SQLite database unless the settings name another database
    :param settings: additional environment variables, for example ``SENSOR_SCORING_MAX_NODES``
    """

    home: Path
    storage: BlobStorage
    batch: BatchAccount
    settings: Mapping[str, str]

    def environ(self) -> dict[str, str]:
        """Return the environment of every Airflow process."""
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")},
            **_quiet(self.home),
            # Airflow starts subprocesses by the name ``airflow``.
            "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath))),
            # Only the connections differ from a deployment in Azure.
            "AIRFLOW_CONN_AZURE_BATCH_DEFAULT": json.dumps(
                {
                    "conn_type": "azure_batch",
                    "login": BATCH_ACCOUNT,
                    "password": self.batch.key,
                    "extra": {"account_url": self.batch.endpoint},
                }
            ),
            "AIRFLOW_CONN_WASB_DEFAULT": json.dumps(
                {
                    "conn_type": "wasb",
                    "extra": {"connection_string": self.storage.connection_string},
                }
            ),
            "SENSOR_SCORING_SCORING_IMAGE": SCORING_IMAGE,
            "SENSOR_SCORING_POLL_SECONDS": "0.5",
            "SENSOR_SCORING_RETRY_DELAY_SECONDS": "1",
            **self.settings,
        }

    def migrate(self) -> None:
        """Create or migrate the database, unless the lock file is unchanged since the last time.

        :raises StackError: if the migration fails
        """
        stamp, digest = self.home / ".migrated", hashlib.sha256(LOCK.read_bytes()).hexdigest()
        if stamp.is_file() and stamp.read_text() == digest:
            return
        self.home.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [*COMMAND, "db", "migrate"], env=self.environ(), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise StackError(f"airflow db migrate failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        stamp.write_text(digest)

    def test_dag(
        self, dag_id: str, hour: RunHour, *, log: Path, params: Mapping[str, Any] | None = None
    ) -> Generator[str, None, None]:
        """Run a DAG once for an hour, in the foreground; yield its log lines, which also go to a file.

        The run's summary tells how it ended; Airflow's exit code does not.

        :param log: the file
        :param params: values for the DAG's params
        """
        words = [*COMMAND, *self.words(dag_id, hour, params)]
        with Server("Airflow", words, log=log, environ=self.environ(), reads_stdout=True) as server:
            yield from server.lines()

    def words(self, dag_id: str, hour: RunHour, params: Mapping[str, Any] | None) -> list[str]:
        """Return the words of the command that runs a DAG once for an hour."""
        # The data interval of a test run ends at its date.
        words = ["dags", "test", dag_id, hour.end.strftime("%Y-%m-%dT%H:%M:%S+00:00")]
        return [*words, "--conf", json.dumps(dict(params))] if params else words


def _quiet(home: Path) -> dict[str, str]:
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": "False",
        "NO_COLOR": "1",
    }
