"""Airflow's four long-running processes, on PostgreSQL; tests can kill each of them."""

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

from local_stack.airflow.client import PATIENCE_SECONDS, AirflowClient
from local_stack.airflow.local import COMMAND
from local_stack.services.family import family_of, held_bytes, is_alive, kill_family, parent_pid
from local_stack.services.ports import ANY_PORTS, Ports, free_port
from local_stack.services.postgres import running_postgres
from local_stack.services.private_files import write_private
from local_stack.services.processes import Server, StackError
from sensor_scoring.airflow_config import FORK_SERVER, HEARTBEATS, PARSING, environ_for
from sensor_scoring.hourly.planning.packing import MOST_TASKS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from local_stack.airflow.local import LocalAirflow
    from local_stack.services.postgres import Database
    from local_stack.stack import Stack

PROCESSES = ("api-server", "scheduler", "dag-processor", "triggerer")
USER = "admin"
# Their log servers would listen on all interfaces, on ports that every Airflow uses. They are not needed: the
# api-server reads all logs from one folder.
_COMMANDS = {
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
    "worker": ["celery", "worker", "--skip-serve-logs"],
}
FAST_RECOVERY = {
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "15",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "15",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": "5",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "15",
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "15",
}
"""Settings with which Airflow notices lost processes within seconds instead of minutes; for tests."""
_READY_SECONDS = 900.0
"""Guard against hanging; the end of a process is noticed at once."""


class Cluster:
    """The processes of one Airflow.

    :param airflow: its environment and its home folder
    :param database: its PostgreSQL
    :param port: port of the api-server
    :param logs: folder for the output of the processes
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
        """Password of the administrator."""
        return self.password_of(USER)

    def password_of(self, user: str) -> str:
        """Return the password of a user that the settings name."""
        return str(json.loads(self._passwords.read_text())[user])

    def client(self, *, patience: float = PATIENCE_SECONDS) -> AirflowClient:
        """Return a client of the API.

        :param patience: seconds to wait for an answer
        """
        return AirflowClient(self.address, user=(USER, self.password), patience=patience)

    def start(self, name: str) -> None:
        """Start a process without waiting until it is healthy; its log is continued.

        :param name: one of :data:`PROCESSES`, or ``worker`` for one of Celery's
        :raises StackError: if it is already running
        """
        old = self._servers.pop(name, None)
        if old is not None and old.process.poll() is None:
            self._servers[name] = old
            raise StackError(f"{old.name} is already running")
        if old is not None:
            old.stop()
        self._servers[name] = Server(
            f"Airflow's {name}",
            [*COMMAND, *_COMMANDS.get(name, [name])],
            log=self._logs / f"{name}.log",
            environ=self.airflow.environ(),
            keeps_log=True,
        )

    def give_passwords(self, users: str) -> None:
        """Give each user a password who has none; whom the auth manager gives one, its log tells it.

        :param users: as the setting names them, ``admin:admin,watcher:viewer``
        """
        known = json.loads(self._passwords.read_text()) if self._passwords.is_file() else {}
        names = (user.partition(":")[0].strip() for user in users.split(","))
        made = {name: secrets.token_urlsafe(12) for name in names if name not in known}
        if made:
            write_private(self._passwords, json.dumps({**known, **made}))

    def start_all(self) -> None:
        """Start all processes, and wait until they are healthy."""
        for name in PROCESSES:
            self.start(name)
        self.wait_until_healthy()

    def wait_until_healthy(self, *names: str, seconds: float = _READY_SECONDS) -> None:
        """Wait until processes are healthy.

        :param names: of the processes; none for all
        :raises StackError: with the end of its log, if a process ends or is not healthy in time
        """
        for name in names or PROCESSES:
            self._servers[name].wait_until(partial(self.is_healthy, name), seconds=seconds)

    def is_healthy(self, name: str) -> bool:
        """Whether a process has sent a heartbeat since its start; false for all without an api-server."""
        server, found = self._servers.get(name), health(self.address)
        if server is None or server.process.poll() is not None:
            return False
        if name == "api-server":
            return bool(found) and self._passwords.is_file()
        key = name.replace("-", "_")
        state = found.get(key, {})
        # A killed process counts as healthy for a while, so the heartbeat must be later than the new start.
        last = state.get(f"latest_{key}_heartbeat")
        return (
            state.get("status") == "healthy" and bool(last) and datetime.fromisoformat(last) > server.started
        )

    def stop(self, name: str, *, seconds: float = 20) -> None:
        """Stop a process; does nothing if it was killed."""
        server = self._servers.pop(name, None)
        if server is not None:
            server.stop(seconds=seconds)

    def restart(self, name: str) -> None:
        """Stop a process, start it again, and wait until it is healthy, as in an upgrade."""
        self.stop(name)
        self.start(name)
        self.wait_until_healthy(name)

    def kill(self, name: str, *, alone: bool = False) -> None:
        """Kill a process with all its descendants.

        :param alone: kill only the process; its descendants are killed when the cluster stops
        """
        server = self._servers.pop(name)
        if alone:
            self._left_alone += family_of(server.process.pid)[1:]
        server.kill(alone=alone)

    def kill_worker(self, *, of: Collection[str] = (), with_supervisor: bool = False) -> int | None:
        """Kill one process that is running a task instance.

        :param of: ids of task instances; any task instance if empty
        :param with_supervisor: kill its supervisor first, so that nothing reports its end and Airflow only
            notices the missing heartbeats
        :return: its process id; None if there is no such process
        """
        for process in self.workers():
            with suppress(psutil.NoSuchProcess):
                # Airflow puts the task instance's id into the process title.
                if of and not any(ti in " ".join(process.cmdline()) for ti in of):
                    continue
                supervisor = process.parent()
                if with_supervisor and supervisor is not None:
                    supervisor.kill()
                process.kill()
                return int(process.pid)
        return None

    def kill_fork_server(self) -> None:
        """Kill the executor's fork server; the processes that it has forked go on."""
        for server in self._fork_servers():
            self._left_alone += family_of(server.pid)[1:]
            server.kill()

    def stop_all(self) -> None:
        """Stop all processes; the api-server last, because the others report to it."""
        for name in ("worker", *reversed(PROCESSES)):
            self.stop(name)
        for process in self._left_alone:
            if is_alive(process):
                kill_family(process.pid)
        self._left_alone.clear()

    def workers(self) -> list[psutil.Process]:
        """Return the processes that are running task instances, one for each busy slot of the executor."""
        # The fork server's children are the executor's processes, and their children run task instances.
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
        """Return the process ids of each process: its own, then those of its descendants."""
        return {
            name: [member.pid for member in family_of(server.process.pid)]
            for name, server in self._servers.items()
        }

    def memory(self) -> dict[str, int]:
        """Return the memory of each process with its descendants in bytes; shared pages count once."""
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

    :param folder: for the database, Airflow's home and its logs
    :param settings: additional environment variables for Airflow, which override ours
    :param groups: maximum number of mapped task instances of a run
    :param ports: ports to listen on
    :raises StackError: if a part does not start
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
            **HEARTBEATS,
            **(settings or {}),
        }
        airflow = stack.airflow(environ, home=folder / "airflow")
        cluster = Cluster(airflow, database, port=port, logs=stack.workspace.logs)
        parts.callback(cluster.stop_all)
        cluster.give_passwords(environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"])
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
        # A task instance is a process, and a laptop has few cores.
        "AIRFLOW__CORE__PARALLELISM": "8",
        # The api-server serves task instances and people with at most 40 threads.
        "AIRFLOW__DATABASE__SQL_ALCHEMY_POOL_SIZE": "20",
        "SENSOR_SCORING_POLL_SECONDS": "5",
        # Parts of the stack can be restarted: retries must last until they are back.
        "SENSOR_SCORING_RETRY_DELAY_SECONDS": "10",
    }


def _secrets(folder: Path) -> dict[str, str]:
    """Return the secrets that all processes share; created once, readable only by their owner."""
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
    """Return the health of all processes as the api-server reports it; empty if it does not respond."""
    try:
        with urlopen(f"{address}/api/v2/monitor/health", timeout=5) as answer:  # noqa: S310  loopback, ours
            return dict(json.load(answer))
    except (OSError, ValueError):
        return {}
