"""Airflow's four standing processes on PostgreSQL: started together, killed one by one if a test wants it."""

from __future__ import annotations

import json
import secrets
import signal
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

import psutil
from cryptography.fernet import Fernet

from local_stack.airflow import COMMAND
from local_stack.airflow_client import AirflowClient
from local_stack.postgres import running_postgres
from local_stack.processes import Server, free_port
from sensor_scoring.airflow_needs import environ_for
from sensor_scoring.packing import MOST_TASKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from local_stack.airflow import LocalAirflow
    from local_stack.postgres import Database
    from local_stack.stack import Stack

PROCESSES = ("api-server", "scheduler", "dag-processor", "triggerer")
USER = "admin"
FAST_RECOVERY = {
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "15",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "15",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": "5",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "15",
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "15",
}
"""Settings under which Airflow notices within seconds what it notices within minutes otherwise; for tests."""
_READY_SECONDS = 180.0


class Cluster:
    """The processes of one Airflow.

    :param airflow: its settings and its home
    :param database: its PostgreSQL
    :param port: of the api-server
    :param logs: folder for what the processes print
    """

    def __init__(self, airflow: LocalAirflow, database: Database, *, port: int, logs: Path) -> None:
        self.airflow = airflow
        self.database = database
        self.address = f"http://127.0.0.1:{port}"
        self._logs = logs
        self._servers: dict[str, Server] = {}

    @property
    def password(self) -> str:
        """Password of the one user."""
        file = self.airflow.home / "simple_auth_manager_passwords.json.generated"
        return str(json.loads(file.read_text())[USER])

    def client(self) -> AirflowClient:
        """Return the API, logged in."""
        return AirflowClient(self.address, user=(USER, self.password))

    def start(self, name: str) -> None:
        """Start a process; its log goes on where it was."""
        self._servers[name] = Server(
            f"Airflow's {name}",
            [*COMMAND, name],
            log=self._logs / f"{name}.log",
            environ=self.airflow.environ(),
            keeps_log=True,
        )

    def start_all(self) -> None:
        """Start all processes and wait for the api-server, which all others need."""
        for name in PROCESSES:
            self.start(name)
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Wait until the api-server answers.

        :raises StackError: if it does not
        """
        self._servers["api-server"].wait_until(self._is_ready, seconds=_READY_SECONDS)

    def kill(self, name: str) -> None:
        """Kill a process and all it has started, at once."""
        self._servers.pop(name).kill()

    def kill_worker(self) -> int | None:
        """Kill one process that runs a task instance just now; return its id, None if there is none."""
        for process in self.workers():
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)
                return int(process.pid)
        return None

    def stop_all(self) -> None:
        """Stop all processes, the api-server last: the others report to it."""
        for name in reversed(PROCESSES):
            server = self._servers.pop(name, None)
            if server is not None:
                server.stop(seconds=20)

    def workers(self) -> list[psutil.Process]:
        """Return the processes that run task instances just now, one for each busy slot of the executor."""
        scheduler = self._servers.get("scheduler")
        if scheduler is None:
            return []
        with suppress(psutil.NoSuchProcess):
            executors = psutil.Process(scheduler.process.pid).children()
            return [worker for executor in executors for worker in executor.children()]
        return []

    def memory(self) -> dict[str, int]:
        """Return the resident bytes of each process and its children; pages they share count each time."""
        return {name: _resident(server.process.pid) for name, server in self._servers.items()}

    def _is_ready(self) -> bool:
        return (self.airflow.home / "simple_auth_manager_passwords.json.generated").is_file() and _answers(
            self.address
        )


@contextmanager
def running_cluster(
    stack: Stack, *, folder: Path, settings: Mapping[str, str] | None = None, groups: int = MOST_TASKS
) -> Iterator[Cluster]:
    """Run PostgreSQL and Airflow on a stack.

    :param folder: keeps the database, Airflow's home and its logs
    :param settings: more environment variables for Airflow, over ours
    :param groups: task instances that a run maps over at most
    """
    with ExitStack() as parts:
        database = parts.enter_context(
            running_postgres(folder / "postgres", log=stack.workspace.logs / "postgres.log")
        )
        port = free_port()
        environ = {
            **_settings(database, port),
            **_secrets(folder),
            **environ_for(groups),
            **(settings or {}),
        }
        airflow = stack.airflow(environ, home=folder / "airflow")
        cluster = Cluster(airflow, database, port=port, logs=stack.workspace.logs)
        parts.callback(cluster.stop_all)
        cluster.start_all()
        yield cluster


def _settings(database: Database, port: int) -> dict[str, str]:
    return {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database.url,
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        # A task instance is a process: more at once than this only take turns on a laptop.
        "AIRFLOW__CORE__PARALLELISM": "8",
        "SENSOR_SCORING_POLL_SECONDS": "5",
    }


def _secrets(folder: Path) -> dict[str, str]:
    """Return what all processes must share; made once, for the owner of the folder alone."""
    file = folder / "secrets.json"
    if not file.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        made = {
            "AIRFLOW__CORE__FERNET_KEY": Fernet.generate_key().decode(),
            "AIRFLOW__API__SECRET_KEY": secrets.token_urlsafe(32),
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(32),
        }
        file.write_text(json.dumps(made))
    return dict(json.loads(file.read_text()))


def _resident(pid: int) -> int:
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        return sum(_own_resident(member) for member in family)
    return 0


def _own_resident(process: psutil.Process) -> int:
    with suppress(psutil.Error):
        return int(process.memory_info().rss)
    return 0


def _answers(address: str) -> bool:
    try:
        with urlopen(f"{address}/api/v2/monitor/health", timeout=5) as answer:  # noqa: S310  loopback, ours
            return bool(answer.status == 200)  # noqa: PLR2004  HTTP's own number
    except (URLError, OSError):
        return False
