"""The control plane over HTTP, and throttled, dropped or delayed requests through the real SDK."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ServiceResponseError

from azure_batch_emulator.errors import BadSetting
from azure_batch_emulator.server import EmulatorServer
from tests.batch_emulator.bench import WAIT, present

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.batch_emulator.bench import Bench


@pytest.fixture
def controlled(bench_of: Callable[..., Bench]) -> Bench:
    """Start an emulator with its control plane."""
    return bench_of(controls=True)


@pytest.fixture
def controls(controlled: Bench) -> Iterator[httpx.Client]:
    """Open a plain HTTP client to the control plane."""
    with httpx.Client(base_url=f"{controlled.emulator.endpoint}/_emulator", trust_env=False) as client:
        yield client


@pytest.fixture
def patient(controlled: Bench) -> Iterator[BatchClient]:
    """Make an SDK client that retries, as by default, with short pauses."""
    credential = AzureNamedKeyCredential(controlled.emulator.account, controlled.emulator.key)
    with BatchClient(controlled.emulator.endpoint, credential, retry_backoff_factor=0.01) as client:
        yield client


def post(controls: httpx.Client, path: str, **body: Any) -> Any:
    """Send a request; return the response."""
    return controls.post(path, json=body).raise_for_status().json()


def job_of(bench: Bench, client: BatchClient, job_id: str = "job") -> None:
    """Make a job with a given client."""
    info = bench.models.BatchPoolInfo(pool_id="pool")
    client.create_job(bench.models.BatchJobCreateOptions(id=job_id, pool_info=info))


def test_controls_describe_themselves(controls: httpx.Client) -> None:
    """The root lists every control with its fields, and each exists."""
    listed = controls.get("").json()["controls"]
    listed_requests = {entry["request"] for entry in listed}
    assert {
        "GET /_emulator/requests",
        "POST /_emulator/faults/throttle",
        "POST /_emulator/quotas",
    } <= listed_requests
    for entry in listed:
        method, _, path = entry["request"].partition(" ")
        answer = controls.request(method, path.removeprefix("/_emulator"), json={})
        assert answer.status_code in {200, 400}, entry


def test_controls_are_off_unless_asked_for(bench: Bench) -> None:
    """Without the option, an unsigned request is refused."""
    answer = httpx.post(f"{bench.emulator.endpoint}/_emulator/faults/throttle", json={}, trust_env=False)
    assert (answer.status_code, answer.json()["code"]) == (403, "AuthenticationFailed")
    assert bench.emulator.faults.pending() == []


def test_controls_are_refused_where_others_can_reach_them(tmp_path: Any) -> None:
    """An emulator on all addresses does not start with controls."""
    with pytest.raises(RuntimeError) as caught, EmulatorServer(data=tmp_path, host="0.0.0.0", controls=True):  # noqa: S104  refused
        pass
    assert isinstance(caught.value.__cause__, BadSetting)
    assert "are for loopback only" in str(caught.value.__cause__)


TOKEN = "a-token-made-up-for-tests"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"Authorization": f"Bearer {TOKEN}"}, 200, id="token"),
        pytest.param({"Authorization": f"Bearer {TOKEN}", "Host": "batch-emulator:8900"}, 200, id="any-name"),
        pytest.param({}, 403, id="none"),
        pytest.param({"Authorization": "Bearer another"}, 403, id="another"),
        pytest.param({"Authorization": f"SharedKey {TOKEN}"}, 403, id="scheme"),
        pytest.param({"Authorization": f"Bearer {TOKEN}é".encode()}, 403, id="not-ascii"),
    ],
)
def test_token_opens_the_controls_to_others(tmp_path: Any, headers: Any, status: int) -> None:
    """With a token, controls are on at every address, for requests that have it."""
    settings: dict[str, Any] = {"data": tmp_path, "host": "0.0.0.0", "control_token": TOKEN}  # noqa: S104  the case
    with EmulatorServer(**settings) as emulator:
        port = emulator.endpoint.rpartition(":")[2]
        answer = httpx.get(f"http://127.0.0.1:{port}/_emulator/faults", headers=headers, trust_env=False)
        assert answer.status_code == status
        assert TOKEN not in answer.text
        assert TOKEN not in repr(emulator.settings)


@pytest.mark.parametrize("token", ["short", "sixteen and blank s", "sechzehn-oder-mehr-ä"])
def test_token_that_is_none_is_refused(tmp_path: Any, token: str) -> None:
    """A token that could be guessed, or that no header can hold, stops the start without being repeated."""
    with pytest.raises(BadSetting, match="16 or more printable characters") as caught:
        EmulatorServer(data=tmp_path, control_token=token)
    assert token not in str(caught.value)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 200, id="program"),
        pytest.param({"Host": "localhost:1"}, 200, id="localhost"),
        pytest.param({"Host": "[::1]:80"}, 200, id="ipv6"),
        pytest.param({"Host": "127.0.0.1:80", "Origin": "http://127.0.0.1:80"}, 200, id="own-page"),
        pytest.param({"Host": "evil.example"}, 403, id="rebound-name"),
        pytest.param({"Host": "127.0.0.1.evil.example"}, 403, id="look-alike"),
        pytest.param({"Host": ""}, 403, id="no-host"),
        pytest.param({"Host": "[::1"}, 403, id="broken-host"),
        pytest.param({"Origin": "http://evil.example"}, 403, id="foreign-page"),
        pytest.param({"Origin": "http://localhost:8080"}, 403, id="page-of-another-port"),
        pytest.param({"Origin": "null"}, 403, id="sandboxed-page"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, 403, id="foreign-site"),
        pytest.param({"Sec-Fetch-Site": "none"}, 200, id="typed-by-hand"),
    ],
)
def test_foreign_requests_are_refused(controls: httpx.Client, headers: dict[str, str], status: int) -> None:
    """Neither another site's page nor a name rebound to loopback reaches the controls."""
    answer = controls.get("/faults", headers=headers)
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["code"] == "ForeignRequest"


@pytest.mark.parametrize(
    ("path", "body", "status", "fact"),
    [
        ("/faults/throttle", "{", 400, "not JSON"),
        ("/faults/throttle", "[]", 400, "JSON object"),
        ("/faults/throttle", '{"colour":1}', 400, "colour"),
        ("/faults/throttle", '{"times":"often"}', 400, "times"),
        ("/faults/throttle", '{"times":0}', 400, "times"),
        ("/faults/slow", "{}", 400, "seconds"),
        ("/faults/slow", '{"seconds":-1}', 400, "seconds"),
        ("/nodes/break", '{"poolId":"p","nodeId":"n","details":[]}', 400, "details"),
        ("/quotas", '{"pools":null}', 400, "pools"),
        ("/weather", "{}", 404, "POST /_emulator/weather"),
    ],
)
def test_wrong_orders_are_refused_by_place(
    controls: httpx.Client, path: str, body: str, status: int, fact: str
) -> None:
    """An invalid request is refused with the property that is wrong, and injects nothing."""
    answer = controls.post(path, content=body)
    assert answer.status_code == status
    assert any(fact in entry["value"] for entry in answer.json()["values"])
    assert controls.get("/faults").json() == {"pendingFaults": []}


def test_missing_pool_is_told(controls: httpx.Client) -> None:
    """A node of a missing pool gives the service's own 404."""
    answer = controls.post("/nodes/preempt", json={"poolId": "none"})
    assert (answer.status_code, answer.json()["code"]) == (404, "PoolNotFound")


def test_nodes_are_preempted_and_mended_by_http(controlled: Bench, controls: httpx.Client) -> None:
    """Every node fault can be injected over HTTP."""
    controlled.pool(nodes=1, target_low_priority_nodes=1)
    controlled.advance(seconds=0)
    ids = {node.is_dedicated: node.id for node in controlled.nodes()}
    assert post(controls, "/nodes/preempt", poolId="pool", away=60) == {"nodes": [ids[False]]}
    details = {"Disk": "/mnt"}
    post(controls, "/nodes/break", poolId="pool", nodeId=ids[True], code="DiskFull", details=details)
    assert {node.state for node in controlled.nodes()} == {"preempted", "unusable"}
    post(controls, "/nodes/reboot", poolId="pool", nodeId=ids[True])
    controlled.advance(seconds=60)
    controlled.advance(seconds=0)
    assert {node.state for node in controlled.nodes()} == {"idle"}
    post(controls, "/nodes/lose", poolId="pool", nodeId=ids[True], away=5)
    assert controlled.client.get_node("pool", ids[True]).state == "unknown"


def test_armed_faults_are_listed_and_cleared(controls: httpx.Client) -> None:
    """Pending faults are shown with what is left of them, and can be cleared at once."""
    post(controls, "/faults/allocation", poolId="pool", code="AllocationTimedOut", times=2)
    post(controls, "/faults/evaluation", poolId="pool", times=None)
    post(controls, "/faults/boot", poolId="pool", times=2)
    post(controls, "/faults/image", image="scoring", by="node")
    post(controls, "/faults/slow-image", image="scoring", seconds=90, times=3)
    post(controls, "/faults/throttle", status=503, retryAfter=None)
    post(controls, "/faults/drop", when="after", operation="create_job")
    post(controls, "/faults/slow", seconds=0.5)
    pending = controls.get("/faults").json()["pendingFaults"]
    assert [(entry["fault"], entry["target"], entry["timesLeft"]) for entry in pending] == [
        ("throttle", None, 1),
        ("drop", "create_job", 1),
        ("slow", None, None),
        ("allocation", "pool", 2),
        ("evaluation", "pool", None),
        ("boot", "pool", 2),
        ("image pull by a node", "scoring:latest", None),
        ("slow image pull by a task", "scoring:latest", 3),
    ]
    assert pending[0]["effect"] == {"status": 503, "retry_after": None}
    controls.delete("/faults").raise_for_status()
    assert controls.get("/faults").json() == {"pendingFaults": []}


def test_quotas_are_shown_and_changed(
    controlled: Bench, controls: httpx.Client, refusal: Callable[..., Any]
) -> None:
    """Quotas can be read, lowered, and lifted where the emulator has no limit."""
    before = post(controls, "/quotas")["quotas"]
    assert before == {"active_jobs": 300, "pools": 100, "cores": None, "low_priority_cores": None}
    assert post(controls, "/quotas", activeJobs=0, cores=8)["quotas"]["cores"] == 8
    refusal(controlled.job, status=409, code="ActiveJobAndScheduleQuotaReached")
    assert post(controls, "/quotas", cores=None)["quotas"]["cores"] is None


@pytest.mark.parametrize(("status", "code"), [(429, "TooManyRequests"), (503, "ServerBusy")])
def test_throttled_requests_are_refused_so_many_times(
    controlled: Bench, controls: httpx.Client, refusal: Callable[..., Any], status: int, code: str
) -> None:
    """Without retries, a client sees each refusal with its pause; the request after the last succeeds."""
    controlled.job()
    post(controls, "/faults/throttle", status=status, times=2, retryAfter=7, operation="get_job")
    for _ in range(2):
        error = refusal(lambda: controlled.client.get_job("job"), status=status, code=code)
        assert error.response.headers["Retry-After"] == "7"
        assert len(list(controlled.client.list_jobs())) == 1
    assert controlled.client.get_job("job").id == "job"


def test_forbidden_requests_are_refused_at_once(
    controlled: Bench, controls: httpx.Client, refusal: Callable[..., Any]
) -> None:
    """Another operation goes through, and so does the next request."""
    controlled.job()
    post(controls, "/faults/forbid", operation="get_job")
    assert controls.get("/faults").json()["pendingFaults"] == [
        {"fault": "prohibition", "target": "get_job", "timesLeft": 1, "effect": "AuthorizationFailed"}
    ]
    assert len(list(controlled.client.list_jobs())) == 1
    refusal(lambda: controlled.client.get_job("job"), status=403, code="AuthorizationFailed")
    assert controlled.client.get_job("job").id == "job"


def test_patient_client_gets_through_a_throttle(
    controlled: Bench, controls: httpx.Client, patient: BatchClient
) -> None:
    """The SDK's own retries outlast a few refusals, even for requests that change something."""
    post(controls, "/faults/throttle", status=503, times=2, retryAfter=None)
    job_of(controlled, patient)
    post(controls, "/faults/throttle", status=429, times=2, retryAfter=None)
    assert patient.get_job("job").state == "active"
    operations = controls.get("/requests").json()["operations"]
    assert operations["create_job"]["statuses"] == {"201": 1, "503": 2}
    assert operations["get_job"]["statuses"] == {"200": 1, "429": 2}


def test_pause_of_a_throttle_is_kept_by_the_client(controls: httpx.Client, patient: BatchClient) -> None:
    """The SDK waits for the given time before it retries."""
    post(controls, "/faults/throttle", retryAfter=1)
    begun = time.monotonic()
    assert list(patient.list_jobs()) == []
    assert time.monotonic() - begun >= 1


def test_request_dropped_before_it_is_carried_out(controlled: Bench, controls: httpx.Client) -> None:
    """The connection closes without a response, and nothing was done."""
    post(controls, "/faults/drop", operation="create_job")
    with pytest.raises(ServiceResponseError):
        controlled.job()
    assert list(controlled.client.list_jobs()) == []
    controlled.job()


def test_request_dropped_after_it_was_carried_out(controlled: Bench, controls: httpx.Client) -> None:
    """The response is lost, but the request was executed: repeating it is a conflict."""
    post(controls, "/faults/drop", operation="create_job", when="after")
    with pytest.raises(ServiceResponseError):
        controlled.job()
    assert [job.id for job in controlled.client.list_jobs()] == ["job"]
    with pytest.raises(ResourceExistsError):
        controlled.job()


def test_patient_client_repeats_what_may_have_been_done(
    controlled: Bench, controls: httpx.Client, patient: BatchClient
) -> None:
    """The SDK repeats a read without a response; a repeated write collides with its first try."""
    controlled.job()
    post(controls, "/faults/drop", operation="get_job", times=2)
    assert patient.get_job("job").id == "job"
    post(controls, "/faults/drop", operation="delete_job", when="after")
    with pytest.raises(HttpResponseError) as caught:
        patient.begin_delete_job("job", **WAIT)
    assert present(caught.value.error).code == "JobNotFound"
    statuses = controls.get("/requests").json()["operations"]
    assert statuses["get_job"]["statuses"] == {"0": 2, "200": 1}
    assert statuses["delete_job"]["statuses"] == {"0": 1, "404": 1}


def test_other_connections_survive_a_drop(controlled: Bench, controls: httpx.Client) -> None:
    """Only the connection of the dropped request is closed."""
    before = controls.get("/requests").extensions["network_stream"]
    post(controls, "/faults/drop")
    with pytest.raises(ServiceResponseError):
        list(controlled.client.list_jobs())
    assert controls.get("/requests").extensions["network_stream"] is before


def test_slow_answers_come_late(controlled: Bench, controls: httpx.Client) -> None:
    """A response takes the given time, for one operation, the given number of times."""
    post(controls, "/faults/slow", seconds=0.4, operation="get_job", times=1)
    controlled.job()
    begun = time.monotonic()
    assert controlled.client.get_job("job").id == "job"
    assert time.monotonic() - begun >= 0.4
    assert controls.get("/faults").json() == {"pendingFaults": []}, "once, as it was told"
    assert controlled.client.get_job("job").id == "job"


def test_slow_answer_runs_into_a_read_timeout(controlled: Bench, controls: httpx.Client) -> None:
    """A client with a shorter timeout gives up, though its request was executed."""
    post(controls, "/faults/slow", seconds=1, operation="create_job")
    info = controlled.models.BatchPoolInfo(pool_id="pool")
    options = controlled.models.BatchJobCreateOptions(id="job", pool_info=info)
    with pytest.raises(ServiceResponseError):
        controlled.client.create_job(options, read_timeout=0.2)
    assert controlled.client.get_job("job").id == "job"


def test_counts_are_read_and_reset_by_http(controlled: Bench, controls: httpx.Client) -> None:
    """The counts come as JSON, without the control plane's own requests."""
    controlled.job()
    counts = controls.get("/requests").json()
    assert (counts["requests"], counts["since"]) == (1, "2026-03-04T10:00:00.0000000Z")
    assert counts["operations"]["create_job"]["statuses"] == {"201": 1}
    assert counts["bytesSent"] == counts["operations"]["create_job"]["bytesSent"] == 0
    controls.delete("/requests").raise_for_status()
    assert controls.get("/requests").json()["operations"] == {}
