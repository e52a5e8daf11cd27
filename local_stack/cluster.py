"""Airflow's four standing processes on PostgreSQL: started together, killed one by one if a test wants it."""

from __future__ import annotations

import json
import secrets
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import psutil
from cryptography.fernet import Fernet

from local_stack.airflow import COMMAND
from local_stack.airflow_client import AirflowClient
from local_stack.family import family_of, held_bytes, is_alive, kill_family, parent_pid
from local_stack.ports import ANY_PORTS, Ports, free_port
from local_stack.postgres import running_postgres
from local_stack.private_files import write_private
from local_stack.processes import Server, StackError
from sensor_scoring.airflow_config import FORK_SERVER, PARSING, environ_for
from sensor_scoring.hourly.planning.packing import MOST_TASKS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from local_stack.airflow import LocalAirflow
    from local_stack.postgres import Database
    from local_stack.stack import Stack

PROCESSES = ("api-server", "scheduler", "dag-processor", "triggerer")
USER = "admin"
# Their log servers would listen to the whole network, on ports that are the same for every Airflow. All logs
# are in one folder here: the api-server reads the files.
_WORDS = {"scheduler": ["--skip-serve-logs"], "triggerer": ["--skip-serve-logs"]}
FAST_RECOVERY = {
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "15",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "15",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": "5",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "15",
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "15",
}
"""Settings under which Airflow notices within seconds what it notices within minutes otherwise; for tests."""
_READY_SECONDS = 900.0
"""A guard against hanging: a process that ends is noticed at once."""


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
        self._left_alone: list[psutil.Process] = []

    @property
    def password(self) -> str:
        """Password of the one user."""
        return str(json.loads(self._passwords.read_text())[USER])

    def client(self) -> AirflowClient:
        """Return the API, logged in."""
        return AirflowClient(self.address, user=(USER, self.password))

    def start(self, name: str) -> None:
        """Start a process, but do not wait for it; its log goes on where it was.

        :raises StackError: if it runs
        """
        old = self._servers.pop(name, None)
        if old is not None and old.process.poll() is None:
            self._servers[name] = old
            raise StackError(f"{old.name} runs already")
        if old is not None:
            old.stop()
        self._servers[name] = Server(
            f"Airflow's {name}",
            [*COMMAND, name, *_WORDS.get(name, ())],
            log=self._logs / f"{name}.log",
            environ=self.airflow.environ(),
            keeps_log=True,
        )

    def start_all(self) -> None:
        """Start all processes and wait until all are healthy."""
        for name in PROCESSES:
            self.start(name)
        self.wait_until_healthy()

    def wait_until_healthy(self, *names: str, seconds: float = _READY_SECONDS) -> None:
        """Wait until processes do their work: all of them, if none is named.

        :raises StackError: with the end of its log, for one that does not
        """
        for name in names or PROCESSES:
            self._servers[name].wait_until(partial(self.is_healthy, name), seconds=seconds)

    def is_healthy(self, name: str) -> bool:
        """Whether a process has reported since it was started; without an api-server none is."""
        server, found = self._servers.get(name), health(self.address)
        if server is None or server.process.poll() is not None:
            return False
        if name == "api-server":
            return bool(found) and self._passwords.is_file()
        key = name.replace("-", "_")
        state = found.get(key, {})
        # A killed process counts as healthy for a while: only a later heartbeat is that of its successor.
        last = state.get(f"latest_{key}_heartbeat")
        return (
            state.get("status") == "healthy" and bool(last) and datetime.fromisoformat(last) > server.started
        )

    def stop(self, name: str, *, seconds: float = 20) -> None:
        """Ask a process to end; nothing to do if it has been killed."""
        server = self._servers.pop(name, None)
        if server is not None:
            server.stop(seconds=seconds)

    def restart(self, name: str) -> None:
        """Stop a process, start it and wait until it is healthy, as in an upgrade."""
        self.stop(name)
        self.start(name)
        self.wait_until_healthy(name)

    def kill(self, name: str, *, alone: bool = False) -> None:
        """Kill a process at once, with all it has started.

        :param alone: leave what it has started to itself; it goes when the cluster stops
        """
        server = self._servers.pop(name)
        if alone:
            self._left_alone += family_of(server.process.pid)[1:]
        server.kill(alone=alone)

    def kill_worker(self, *, of: Collection[str] = (), with_supervisor: bool = False) -> int | None:
        """Kill one process that runs a task instance just now; return its id, None if there is none.

        :param of: ids of task instances; any, if none is given
        :param with_supervisor: kill what watches it before: nobody then reports its end, and only the time
            since its last heartbeat tells
        """
        for process in self.workers():
            with suppress(psutil.NoSuchProcess):
                # Its title names the task instance.
                if of and not any(ti in " ".join(process.cmdline()) for ti in of):
                    continue
                supervisor = process.parent()
                if with_supervisor and supervisor is not None:
                    supervisor.kill()
                process.kill()
                return int(process.pid)
        return None

    def kill_fork_server(self) -> None:
        """Kill the process that forks the executor's; what it has forked goes on."""
        for server in self._fork_servers():
            self._left_alone += family_of(server.pid)[1:]
            server.kill()

    def stop_all(self) -> None:
        """Stop all processes, the api-server last: the others report to it."""
        for name in reversed(PROCESSES):
            self.stop(name)
        for process in self._left_alone:
            if is_alive(process):
                kill_family(process.pid)
        self._left_alone.clear()

    def workers(self) -> list[psutil.Process]:
        """Return the processes that run task instances just now, one for each busy slot of the executor."""
        # The executor's processes are below the server that forks them; each has what it runs below it.
        servers = {server.pid for server in self._fork_servers()}
        below = [member for server in servers for member in family_of(server)[1:]]
        executors = {member.pid for member in below if parent_pid(member) in servers}
        return [member for member in below if parent_pid(member) in executors]

    def _fork_servers(self) -> list[psutil.Process]:
        scheduler = self._servers.get("scheduler")
        family = family_of(scheduler.process.pid) if scheduler else []
        return [
            member for member in family if parent_pid(member) == family[0].pid and _is_fork_server(member)
        ]

    def pids(self) -> dict[str, list[int]]:
        """Return the process ids of each process, its own first, then of what it has started."""
        return {
            name: [member.pid for member in family_of(server.process.pid)]
            for name, server in self._servers.items()
        }

    def memory(self) -> dict[str, int]:
        """Return the bytes that each process and its children hold; pages they share count once."""
        return {name: held_bytes(server.process.pid) for name, server in self._servers.items()}

    @property
    def _passwords(self) -> Path:
        return self.airflow.home / "simple_auth_manager_passwords.json.generated"


def _is_fork_server(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return any("multiprocessing.forkserver" in word for word in process.cmdline())
    return False


@contextmanager
def running_cluster(
    stack: Stack,
    *,
    folder: Path,
    settings: Mapping[str, str] | None = None,
    groups: int = MOST_TASKS,
    ports: Ports = ANY_PORTS,
) -> Iterator[Cluster]:
    """Run PostgreSQL and Airflow on a stack.

    :param folder: keeps the database, Airflow's home and its logs
    :param settings: more environment variables for Airflow, over ours
    :param groups: task instances that a run maps over at most
    :param ports: which to listen on
    """
    with ExitStack() as parts:
        log = stack.workspace.logs / "postgres.log"
        database = parts.enter_context(
            running_postgres(folder / "postgres", log=log, port=ports.of("postgres"))
        )
        port = ports.of("api-server") or free_port()
        environ = {
            **_settings(database, port),
            **_secrets(folder),
            **environ_for(groups),
            **FORK_SERVER,
            **PARSING,
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
        # The api-server answers each of them, and people, from its threads: 40 at most.
        "AIRFLOW__DATABASE__SQL_ALCHEMY_POOL_SIZE": "20",
        "SENSOR_SCORING_POLL_SECONDS": "5",
        # Its parts can be stopped and started: retries must last until they are back.
        "SENSOR_SCORING_RETRY_DELAY_SECONDS": "10",
    }


def _secrets(folder: Path) -> dict[str, str]:
    """Return what all processes must share; made once, for the owner of the folder alone."""
    file = folder / "secrets.json"
    if not file.is_file():
        made = {
            "AIRFLOW__CORE__FERNET_KEY": Fernet.generate_key().decode(),
            "AIRFLOW__API__SECRET_KEY": secrets.token_urlsafe(32),
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(32),
        }
        write_private(file, json.dumps(made))
    return dict(json.loads(file.read_text()))


def health(address: str) -> dict[str, Any]:
    """Return what an api-server knows of itself and the others; empty if it does not answer."""
    try:
        with urlopen(f"{address}/api/v2/monitor/health", timeout=5) as answer:  # noqa: S310  loopback, ours
            return dict(json.load(answer))
    except (OSError, ValueError):
        return {}
