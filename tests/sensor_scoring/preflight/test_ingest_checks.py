"""What the preflight says of event hub and Stream Analytics job: the real SDKs, over AMQP and https."""

from __future__ import annotations

import json
import socket
import ssl
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import pytest
from azure.mgmt.streamanalytics.models import JobState, StreamingJob

from azure_event_hubs_emulator.clock import ManualClock
from azure_event_hubs_emulator.hubs import HubSpec
from azure_event_hubs_emulator.server import EventHubsServer
from local_stack.fleet.live_ingest import leading_airflow
from local_stack.services.event_hub import running_event_hub
from local_stack.services.ports import Ports
from local_stack.workspace import Workspace
from sensor_scoring.errors import IngestError, SettingsError
from sensor_scoring.preflight.checks import CHECKS
from sensor_scoring.preflight.deployment import Deployment
from sensor_scoring.preflight.event_hub import EventHub
from sensor_scoring.preflight.finding import Verdict
from tests.event_hubs_emulator.hub_clients import HUB, send
from tests.event_hubs_emulator.left_sockets import TOLERATED, collected
from tests.support.certificates import Certificate
from tests.support.receivers import served
from tests.support.token_endpoint import token_endpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from airflow.sdk import Context

pytestmark = TOLERATED

JOB = "/subscriptions/s/resourceGroups/g/providers/Microsoft.StreamAnalytics/streamingjobs/averages"
CONN = "AIRFLOW_CONN_EVENT_HUB_DEFAULT"


@pytest.fixture(autouse=True, scope="module")
def _no_sockets_left() -> Iterator[None]:
    with collected():
        yield


def told(name: str, **settings: str) -> tuple[Verdict, str, str]:
    """Make one check; return the one thing that it finds."""
    environ = {f"SENSOR_SCORING_{setting}": value for setting, value in settings.items()}
    (check,) = (each for each in CHECKS if each.name == name)
    with closing(Deployment(environ, cast("Context", {}))) as deployment:
        (found,) = check.look(deployment)
    return found.verdict, found.sentence, found.remedy


# ------------------------------------------------------------------ event hub


def of_hub() -> tuple[Verdict, str, str]:
    """Look at the hub of the connection."""
    return told("event hub", EVENT_HUB_CONN_ID="event_hub_default")


@pytest.fixture
def hub_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., EventHubsServer]]:
    """Return a function that runs an event hub, and points Airflow's connection at it."""
    with ExitStack() as servers:

        def start(connection: dict[str, Any] | None = None, **settings: Any) -> EventHubsServer:
            server = servers.enter_context(
                EventHubsServer(data=tmp_path / "hub", hubs=(HubSpec(HUB, 2),), **settings)
            )
            given = dict(part.partition("=")[::2] for part in server.connection_string(HUB).split(";"))
            parts = urlsplit(given["Endpoint"])
            usual = {
                "conn_type": "azure_event_hub",
                "host": parts.hostname,
                "port": parts.port,
                "schema": HUB,
                "login": given["SharedAccessKeyName"],
                "password": given["SharedAccessKey"],
                "extra": {"UseDevelopmentEmulator": True},
            }
            monkeypatch.setenv(CONN, json.dumps(usual | (connection or {})))
            return server

        yield start


def test_a_hub_that_no_setting_names_is_not_looked_at() -> None:
    """Readings may come as files; the setting is named."""
    assert told("event hub")[:2] == (
        Verdict.SKIPPED,
        "not looked at: SENSOR_SCORING_EVENT_HUB_CONN_ID is not set",
    )


def test_a_connection_that_airflow_lacks_is_said() -> None:
    """With the command that adds it."""
    verdict, sentence, remedy = told("event hub", EVENT_HUB_CONN_ID="no_such_hub")
    assert (verdict, sentence) == (Verdict.MISSING, "Airflow has no connection no_such_hub")
    assert remedy.startswith("airflow connections add no_such_hub --conn-uri azure-event-hub://")


def test_a_connection_without_a_hub_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is asked of a namespace alone."""
    monkeypatch.setenv(CONN, json.dumps({"conn_type": "azure_event_hub", "host": "fleet.example"}))
    with pytest.raises(IngestError, match="needs a namespace as its host, and a hub as its schema"):
        of_hub()


def test_a_hub_that_takes_events_is_fine(hub_with: Callable[..., EventHubsServer]) -> None:
    """The newest event of all partitions counts."""
    server = hub_with()
    send(server, ["{}"], partition_id="1")
    assert of_hub() == (Verdict.FINE, "the newest event of sensors, in 2 partitions, arrived just now", "")


def test_an_identity_sees_the_same(
    hub_with: Callable[..., EventHubsServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The default Azure credential signs in where the connection has no key."""
    send(hub_with({"login": None, "password": None}, allow_jwt=True), ["{}"])
    with token_endpoint() as environ:
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        assert of_hub()[0] is Verdict.FINE


def test_a_hub_without_events_is_missing(hub_with: Callable[..., EventHubsServer]) -> None:
    """No reading comes of it, however well it answers."""
    hub_with()
    verdict, sentence, remedy = of_hub()
    assert (verdict, sentence) == (
        Verdict.MISSING,
        "no partition of the event hub sensors holds an event",
    )
    assert "docs/devices.md" in remedy


@pytest.mark.parametrize(
    ("age", "said"),
    [(timedelta(minutes=75), "75 minutes ago"), (timedelta(hours=30, minutes=5), "30 hours ago")],
)
def test_devices_that_are_silent_for_an_hour_are_a_warning(
    hub_with: Callable[..., EventHubsServer], age: timedelta, said: str
) -> None:
    """The age of the newest event is said."""
    send(hub_with(clock=ManualClock(datetime.now(UTC) - age)), ["{}"])
    verdict, sentence, remedy = of_hub()
    assert verdict is Verdict.WARNING
    assert sentence.endswith(f"arrived {said}")
    assert remedy.startswith("look at the devices")


def test_a_refusal_is_a_warning_that_names_the_role(hub_with: Callable[..., EventHubsServer]) -> None:
    """The job reads the hub, whatever Airflow may; the key is in no sentence."""
    hub_with({"password": "d3Jvbmc="})
    verdict, sentence, remedy = of_hub()
    assert verdict is Verdict.WARNING
    assert sentence.startswith(
        "cannot look at the event hub sensors of 127.0.0.1 (connection event_hub_default): "
    )
    assert "InvalidSignature" in sentence
    assert "d3Jvbmc" not in sentence
    assert "--role 'Azure Event Hubs Data Receiver'" in remedy
    assert remedy.endswith('/eventhubs/sensors"')


def test_a_hub_that_there_is_not_is_said(hub_with: Callable[..., EventHubsServer]) -> None:
    """In the service's words."""
    hub_with({"schema": "nothing"})
    with pytest.raises(IngestError, match=r"event hub nothing of .*could not be found"):
        of_hub()


def test_an_address_where_nobody_listens_is_said(hub_with: Callable[..., EventHubsServer]) -> None:
    """At once."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        hub_with({"port": nobody.getsockname()[1]})
        with pytest.raises(IngestError, match=r"event hub sensors of .*refused"):
            of_hub()


def test_who_never_answers_is_not_waited_for(hub_with: Callable[..., EventHubsServer]) -> None:
    """Such as a firewall that swallows packets: the SDK itself would wait for ever."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hub_with({"port": silent.getsockname()[1]})
        with pytest.raises(IngestError, match=r"no answer in 0\.5 seconds"):
            EventHub("event_hub_default").arrivals(limit_seconds=0.5)


def test_a_key_for_another_machine_is_refused(hub_with: Callable[..., EventHubsServer]) -> None:
    """As for Batch and storage: an identity can be given one hub."""
    hub_with({"host": "fleet.servicebus.windows.net"})
    with pytest.raises(SettingsError, match="SENSOR_SCORING_ALLOW_ACCOUNT_KEYS=true"):
        of_hub()


def test_a_stack_with_devices_leads_the_preflight_to_their_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The settings that Airflow is given before the hub runs are those of the hub."""
    workspace, ports = Workspace(tmp_path, tmp_path / "results"), Ports(tmp_path / "ports.json")
    environ = leading_airflow(workspace, ports)
    monkeypatch.setenv(CONN, environ[CONN])
    key = json.loads(environ[CONN])["password"]
    log = tmp_path / "hub.log"
    with running_event_hub(tmp_path / "hub", log=log, port=ports.of("event-hub"), key=key):
        assert told("event hub", EVENT_HUB_CONN_ID=environ["SENSOR_SCORING_EVENT_HUB_CONN_ID"])[1] == (
            "no partition of the event hub sensors holds an event"
        )


# ------------------------------------------------------------------ Stream Analytics job


class ResourceManager:
    """Azure Resource Manager with one job; its answers are those of the service's own model."""

    def __init__(self) -> None:
        self.state: str = JobState.RUNNING.value
        self.newest: datetime | None = datetime.now(UTC)
        self.form = "%Y-%m-%dT%H:%M:%SZ"
        self.status = 200
        self.asked: list[str] = []

    def answer(self, path: str) -> tuple[int, dict[str, Any]]:
        """Answer a request."""
        self.asked.append(path)
        if self.status != 200:
            code = {403: "AuthorizationFailed", 404: "ResourceNotFound"}[self.status]
            return self.status, {"error": {"code": code, "message": f"{code}: averages"}}
        properties = {
            "jobState": self.state,
            "lastOutputEventTime": self.newest and self.newest.strftime(self.form),
        }
        assert {f"properties.{name}" for name in properties} <= {
            each["key"] for each in StreamingJob._attribute_map.values()
        }
        return 200, {"id": JOB, "name": "averages", "location": "westeurope", "properties": properties}


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ResourceManager]:
    """Run it, and lead the Batch connection there."""
    found = ResourceManager()

    class Request(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, answer = found.answer(self.path)
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    certificate = Certificate.made_in(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.file, certificate.key)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Request)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate.authority))
    with token_endpoint() as environ, served(server) as port:
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        url = f"https://127.0.0.1:{port}"
        extra = {"account_url": url, "resource_manager_url": url}
        monkeypatch.setenv(
            "AIRFLOW_CONN_AZURE_BATCH_DEFAULT", json.dumps({"conn_type": "azure_batch", "extra": extra})
        )
        yield found


def of_job() -> tuple[Verdict, str, str]:
    """Look at the job."""
    return told("Stream Analytics job", STREAM_JOB_ID=JOB)


def test_a_job_that_no_setting_names_is_not_looked_at() -> None:
    """The setting is named."""
    assert told("Stream Analytics job")[:2] == (
        Verdict.SKIPPED,
        "not looked at: SENSOR_SCORING_STREAM_JOB_ID is not set",
    )


def test_an_id_of_something_else_is_refused() -> None:
    """Such as that of its resource group."""
    with pytest.raises(SettingsError, match=r"SENSOR_SCORING_STREAM_JOB_ID.*streamingjobs/<name>"):
        told("Stream Analytics job", STREAM_JOB_ID="/subscriptions/s/resourceGroups/g")


@pytest.mark.parametrize("form", ["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%f7Z", "%Y-%m-%dT%H:%M:%S"])
def test_a_job_that_runs_and_writes_is_fine(manager: ResourceManager, form: str) -> None:
    """It is asked for by its id, in a version of the API that the templates use, too."""
    manager.form = form
    verdict, sentence, remedy = of_job()
    assert (verdict, remedy) == (Verdict.FINE, "")
    assert sentence.startswith("the Stream Analytics job averages is Running, and has written up to 20")
    assert manager.asked == [f"{JOB}?api-version=2020-03-01"]


@pytest.mark.parametrize("age", [None, timedelta(hours=2)])
def test_a_job_that_runs_and_does_not_write_is_a_warning(
    manager: ResourceManager, age: timedelta | None
) -> None:
    """Running is no proof of readings."""
    manager.newest = datetime.now(UTC) - age if age else None
    verdict, sentence, remedy = of_job()
    assert verdict is Verdict.WARNING
    assert ("has written nothing" in sentence) is (age is None)
    assert "metrics" in remedy


@pytest.mark.parametrize("state", [JobState.CREATED, JobState.STOPPED, JobState.STOPPING, JobState.FAILED])
def test_a_job_that_does_not_run_is_missing(manager: ResourceManager, state: JobState) -> None:
    """The command goes on where it has stopped, or begins with what comes."""
    manager.state, manager.newest = state.value, None if state is JobState.CREATED else datetime.now(UTC)
    verdict, sentence, remedy = of_job()
    assert verdict is Verdict.MISSING
    assert f"is {state.value}" in sentence
    mode = "JobStartTime" if state is JobState.CREATED else "LastOutputEventTime"
    assert remedy == (
        f"az stream-analytics job start --resource-group g --job-name averages --output-start-mode {mode}"
    )


@pytest.mark.parametrize(
    "state", [JobState.STARTING, JobState.RESTARTING, JobState.SCALING, JobState.DEGRADED]
)
def test_a_job_that_is_between_two_states_is_a_warning(manager: ResourceManager, state: JobState) -> None:
    """It may be well in a moment, or not."""
    manager.state = state.value
    verdict, sentence, _ = of_job()
    assert verdict is Verdict.WARNING
    assert f"is {state.value}" in sentence


def test_a_job_that_may_not_be_read_is_a_warning_that_names_the_role(manager: ResourceManager) -> None:
    """Its readings show whether it runs."""
    manager.status = 403
    verdict, sentence, remedy = of_job()
    assert verdict is Verdict.WARNING
    assert sentence == (
        "cannot look at the Stream Analytics job averages: Azure Resource Manager refused access "
        "(AuthorizationFailed); Airflow's identity needs the role Reader on the job"
    )
    assert remedy.endswith(f"--role 'Reader' --scope {JOB}")


def test_a_job_that_there_is_not_is_said(manager: ResourceManager) -> None:
    """In the service's words."""
    manager.status = 404
    with pytest.raises(IngestError, match="job averages: ResourceNotFound: "):
        of_job()
