"""An api-server with our plugin, and a browser in front of it that says what its requests took."""

from __future__ import annotations

import json
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
import psutil

from local_stack.airflow.cluster import USER
from local_stack.airflow.local import COMMAND, LocalAirflow
from local_stack.services.emulator import BatchAccount
from local_stack.services.ports import free_port
from local_stack.services.processes import Server
from sensor_scoring.hourly.names import DAG_ID

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import SetCookieParam

    from local_stack.services.azurite import BlobStorage

PAGE, API = "/sensor-scoring/fleet", f"/sensor-scoring/api/dags/{DAG_ID}"
_FILES = ("/sensor-scoring/static/fleet.js", "/sensor-scoring/static/fleet.css")
_CONNECTIONS = 6
_ROUNDS, _TOGETHER = 5, 10
_READY_SECONDS = 300.0
"""Guard against hanging."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What some requests took."""

    requests: int
    bytes: int
    """Of the bodies, as sent."""
    seconds: float
    cpu_seconds: float
    """Of the api-server."""


class Browser:
    """A browser in front of an api-server.

    :param server: the api-server's process
    :param token: of a session
    """

    def __init__(self, address: str, server: psutil.Process, *, token: str) -> None:
        self.address = address
        limits = httpx.Limits(max_connections=_CONNECTIONS)
        headers = {"Authorization": f"Bearer {token}"}
        self.cookie: SetCookieParam = {"name": "_token", "value": token, "url": address}
        """Of the session, for a real browser."""
        self._http = httpx.Client(
            base_url=address, headers=headers, limits=limits, timeout=60, trust_env=False
        )
        self._server = server
        self._etags: dict[str, str] = {}

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, address: str, *, again: bool = False) -> httpx.Response:
        """Ask for something.

        :param again: whether to ask if what is there still holds
        """
        known = {"If-None-Match": self._etags[address]} if again and address in self._etags else {}
        answer = self._http.get(address, headers=known)
        if answer.status_code != httpx.codes.NOT_MODIFIED:
            answer.raise_for_status()
        self._etags[address] = answer.headers.get("etag", "")
        return answer

    def open_page(self, *, again: bool = False) -> Cost:
        """Open the page.

        :param again: whether by a browser that has opened it before; records it keeps without asking
        """
        before, started = self._spent(), time.perf_counter()
        answers = [self.get(PAGE)]
        with ThreadPoolExecutor(_CONNECTIONS) as threads:
            answers += threads.map(lambda name: self.get(name, again=again), _FILES)
            sensors = threads.submit(self.get, f"{API}/sensors", again=again)
            listed = self.get(f"{API}/hours")
            answers.append(listed)
            hours = [] if again else listed.json()["hours"]
            answers += threads.map(
                lambda each: self.get(f"{API}/hours/{each['hour']}?etag={each['etag']}"), hours
            )
            answers.append(sensors.result())
        return self._cost(answers, before, started)

    def measured(self, address: str, *, again: bool = False) -> Cost:
        """Measure one request: the median of some."""
        costs = []
        for _ in range(_ROUNDS):
            # Several together, for a process's CPU seconds come in hundredths.
            before, started = self._spent(), time.perf_counter()
            answers = [self.get(address, again=again) for _ in range(_TOGETHER)]
            costs.append(self._cost(answers, before, started))
        each = statistics.median
        return Cost(
            1,
            costs[0].bytes // _TOGETHER,
            round(each(cost.seconds for cost in costs) / _TOGETHER, 5),
            round(each(cost.cpu_seconds for cost in costs) / _TOGETHER, 5),
        )

    def _spent(self) -> float:
        # With its children: a server may have a worker that is not itself.
        family = [self._server, *self._server.children(recursive=True)]
        return sum(sum(member.cpu_times()[:2]) for member in family)

    def _cost(self, answers: list[httpx.Response], before: float, started: float) -> Cost:
        seconds = time.perf_counter() - started
        size = sum(answer.num_bytes_downloaded for answer in answers)
        return Cost(len(answers), size, round(seconds, 3), round(self._spent() - before, 3))


@contextmanager
def serving(storage: BlobStorage, folder: Path) -> Iterator[Browser]:
    """Run an api-server, and sign in."""
    port = free_port()
    settings = {
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:viewer",
    }
    # No route that is measured asks Azure Batch.
    airflow = LocalAirflow(
        folder / "airflow", storage, BatchAccount("http://127.0.0.1:9", "a2V5", 0), settings
    )
    airflow.migrate()
    passwords = airflow.home / "simple_auth_manager_passwords.json.generated"
    address, log = f"http://127.0.0.1:{port}", folder / "api-server.log"
    command = [*COMMAND, "api-server", "--apps", "core"]
    with Server("Airflow's api-server", command, log=log, environ=airflow.environ()) as server:
        server.wait_until(lambda: passwords.is_file() and _is_up(address), seconds=_READY_SECONDS)
        user = {"username": USER, "password": json.loads(passwords.read_text())[USER]}
        token = httpx.post(f"{address}/auth/token", json=user, trust_env=False).json()["access_token"]
        process = psutil.Process(server.process.pid)
        browser = Browser(address, process, token=token)
        try:
            yield browser
        finally:
            browser.close()


def _is_up(address: str) -> bool:
    try:
        return httpx.get(f"{address}/api/v2/monitor/health", trust_env=False).is_success
    except httpx.TransportError:
        return False
