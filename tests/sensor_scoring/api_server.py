"""A real api-server of Airflow with our plugin, which tests ask as several people."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support.typed import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

HOST = "airflow.example:8080"
"""What browsers call the server."""
PROXY, PATH = "https://people.example", "/air"
"""What people type, in front of a proxy, and the path that it is served under."""

# Airflow writes its own lines to the same output.
_MARK = "ANSWER "
_SERVING = """
import json, os, sys
from airflow.api_fastapi.app import create_app, get_auth_manager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.utils.db import initdb
from starlette.testclient import TestClient

def answer(who, method, address, headers, body):
    client = TestClient(app, base_url="http://" + sys.argv[2])
    user = SimpleAuthManagerUser(username=who, role=None if who == "without a role" else who)
    token = get_auth_manager().generate_jwt(user)
    if headers.pop("bearer", None):
        headers["Authorization"] = f"Bearer {token}"
    elif who != "nobody":
        client.cookies.set("_token", token)
    answer = client.request(method, address, headers=headers, content=body)
    return {"status": answer.status_code, "text": answer.text, **answer.headers}

initdb()
app = create_app("core")
found = [name for name in sys.modules if name.startswith("sensor_scoring.ui")]
while True:
    print(sys.argv[1] + json.dumps(found), flush=True)
    line = sys.stdin.readline()
    if not line:
        break
    requests, environ = json.loads(line)
    os.environ.update(environ)
    found = [answer(*request) for request in requests]
    for name in environ:
        del os.environ[name]
"""


@dataclass(frozen=True)
class Request:
    """A request of somebody.

    :param who: ``nobody``, ``without a role``, or the name of a role
    :param headers: ``bearer`` sends the person's token in a header, in place of a cookie
    """

    who: str
    method: str
    address: str
    headers: Mapping[str, Any]
    body: str = ""


class ApiServer:
    """The server, in a process of its own."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self._process, self._log = process, log
        self.imported: list[str] = self._answer()
        """Modules of our pages that were imported before anybody asked."""

    def ask(self, *requests: Request, environ: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
        """Send requests; return status, text and headers of each answer.

        :param environ: more of the server's environment while it answers
        """
        words = [[each.who, each.method, each.address, dict(each.headers), each.body] for each in requests]
        assert self._process.stdin
        self._process.stdin.write(json.dumps([words, dict(environ or {})]) + "\n")
        self._process.stdin.flush()
        found: list[dict[str, Any]] = self._answer()
        return found

    def _answer(self) -> Any:
        assert self._process.stdout
        for line in self._process.stdout:
            if line.startswith(_MARK):
                return json.loads(line.removeprefix(_MARK))
        raise AssertionError(f"the api-server ended: {self._log.read_text()[-3000:]}")


def environ_of(home: Path) -> dict[str, str]:
    """Return the environment of an isolated Airflow with our plugins."""
    return {
        **os.environ,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    }


@contextmanager
def running_api_server(home: Path) -> Iterator[ApiServer]:
    """Run the server, with a new database and without any connection.

    :param home: for its files
    """
    environ = {**environ_of(home), "AIRFLOW__API__BASE_URL": PROXY + PATH}
    log = home / "api-server.log"
    with (
        log.open("w") as errors,
        subprocess.Popen(
            [sys.executable, "-c", _SERVING, _MARK, HOST],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        # Leaving closes its input, which ends it.
        yield ApiServer(process, log)
