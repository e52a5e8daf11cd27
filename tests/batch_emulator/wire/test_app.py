"""The edge of the service: signatures, headers, routes and errors, through the SDK's own pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from azure.batch import BatchClient
from azure.core import MatchConditions
from azure.core.credentials import AccessToken, AzureNamedKeyCredential
from azure.core.exceptions import HttpResponseError, ResourceModifiedError
from azure.core.rest import HttpRequest

from azure_batch_emulator.wire.routes import ROUTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.batch_emulator.bench import Bench

WRONG_KEY = "d3Jvbmcga2V5"


def send(bench: Bench, method: str, path: str, **options: Any) -> Any:
    """Send a signed request of our own through the SDK; return the response, whatever it is."""
    try:
        return bench.client.send_request(HttpRequest(method, f"{bench.emulator.endpoint}{path}", **options))
    except HttpResponseError as refused:
        return refused.response


def test_wrong_key_is_refused(bench: Bench, refusal: Callable[..., Any]) -> None:
    """A signature with another key gives 403, with the reason."""
    credential = AzureNamedKeyCredential(bench.emulator.account, WRONG_KEY)
    with BatchClient(bench.emulator.endpoint, credential) as stranger:
        error = refusal(lambda: list(stranger.list_pools()), status=403, code="AuthenticationFailed")
    assert error.model["values"][0]["key"] == "AuthenticationErrorDetail"


def test_other_account_is_refused(bench: Bench, refusal: Callable[..., Any]) -> None:
    """The right key with another account's name does not help."""
    credential = AzureNamedKeyCredential("someoneelse", bench.emulator.key)
    with BatchClient(bench.emulator.endpoint, credential) as stranger:
        refusal(lambda: list(stranger.list_pools()), status=403, code="AuthenticationFailed")


def test_unsigned_request_is_refused(bench: Bench) -> None:
    """Without an Authorization header nothing is revealed."""
    answer = httpx.get(f"{bench.emulator.endpoint}/pools?api-version=2025-06-01", trust_env=False)
    assert (answer.status_code, answer.json()["code"]) == (403, "AuthenticationFailed")


@pytest.mark.parametrize(("method", "status"), [("GET", 200), ("HEAD", 200), ("POST", 403)])
def test_health_needs_no_signature(bench: Bench, method: str, status: int) -> None:
    """A health check needs no signature, is not counted, and meets no injected fault."""
    bench.emulator.faults.throttle(times=None)
    answer = httpx.request(method, f"{bench.emulator.endpoint}/health", trust_env=False)
    assert answer.status_code == status
    assert answer.text == ('{"status":"ok"}' if method == "GET" else answer.text)
    assert (bench.emulator.requests().count() == 0) == (status == 200)


class AnyToken:
    """A credential that always has a token."""

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        """Give a token."""
        return AccessToken("token", 4_000_000_000)


@pytest.mark.parametrize("allowed", [True, False])
def test_bearer_tokens_need_permission(bench_of: Callable[..., Bench], *, allowed: bool) -> None:
    """Bearer tokens are accepted only if the emulator is configured so."""
    bench = bench_of(allow_bearer=allowed)
    bench.job()
    with BatchClient(bench.emulator.endpoint, AnyToken(), retry_total=0) as client:
        if allowed:
            assert client.get_job("job", enforce_https=False).id == "job"
        else:
            with pytest.raises(HttpResponseError):
                client.get_job("job", enforce_https=False)


def test_account_in_the_path_is_tolerated(bench: Bench) -> None:
    """An endpoint that ends with the account's name works, and next links keep it."""
    credential = AzureNamedKeyCredential(bench.emulator.account, bench.emulator.key)
    bench.job("a")
    bench.job("b")
    with BatchClient(f"{bench.emulator.endpoint}/{bench.emulator.account}/", credential) as client:
        assert [job.id for job in client.list_jobs(max_results=1)] == ["a", "b"]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/certificates/x", 400, "InvalidUri"),
        ("GET", "/pools/", 200, None),
        ("PUT", "/pools/x", 405, "UnsupportedHttpVerb"),
        ("GET", "/pools/x", 404, "PoolNotFound"),
        ("GET", "/jobs/x", 404, "JobNotFound"),
        ("GET", "/jobs/job/tasks/x", 404, "TaskNotFound"),
        ("GET", "/pools/pool/nodes/x", 404, "NodeNotFound"),
    ],
)
def test_unknown_things_are_told_in_odata(
    bench: Bench, method: str, path: str, status: int, code: str | None
) -> None:
    """Every error has the service's format, with the request id in its text."""
    bench.pool(nodes=None)
    bench.job()
    answer = send(bench, method, f"{path}?api-version=2025-06-01")
    assert answer.status_code == status
    if code is not None:
        body = answer.json()
        assert (body["code"], body["message"]["lang"]) == (code, "en-US")
        assert f"RequestId:{answer.headers['request-id']}" in body["message"]["value"]


@pytest.mark.parametrize(
    ("body", "code", "fact"),
    [
        ("{", "InvalidRequestBody", "not JSON"),
        ("[]", "InvalidRequestBody", "JSON object"),
        ('{"id":"j"}', "MissingRequiredProperty", "poolInfo"),
        ('{"id":"j","poolInfo":{"poolId":"p"},"colour":1}', "InvalidRequestBody", "colour"),
        ('{"id":5,"poolInfo":{"poolId":"p"}}', "InvalidPropertyValue", "id"),
        ('{"id":"j","poolInfo":{"poolId":5}}', "InvalidPropertyValue", "poolInfo.poolId"),
        ('{"id":"j","poolInfo":{"poolId":"p"},"priority":2000}', "InvalidPropertyValue", "priority"),
    ],
)
def test_bad_bodies_are_refused_by_place(bench: Bench, body: str, code: str, fact: str) -> None:
    """An invalid body gives 400 and names the property."""
    headers = {"Content-Type": "application/json; odata=minimalmetadata"}
    answer = send(bench, "POST", "/jobs?api-version=2025-06-01", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert any(fact in entry["value"] for entry in answer.json()["values"])


def test_common_headers(bench: Bench) -> None:
    """Responses have the request's id, their own id, the record's version and the service's date."""
    bench.job()
    exchanges: list[Any] = []
    bench.client.get_job(
        "job", headers={"return-client-request-id": "true"}, raw_response_hook=exchanges.append
    )
    sent, seen = exchanges[0].http_request.headers, exchanges[0].http_response.headers
    assert seen["client-request-id"] == sent["client-request-id"]
    assert seen["request-id"]
    assert seen["ETag"] == bench.client.get_job("job").etag
    assert seen["Last-Modified"] == seen["Date"] == "Wed, 04 Mar 2026 10:00:00 GMT"
    assert seen["Content-Type"].startswith("application/json;odata=minimalmetadata")


def test_unchanged_record_need_not_be_sent_again(bench: Bench) -> None:
    """If-None-Match with the current version gives 304, and after a change the record."""
    bench.job()
    known: dict[str, Any] = {
        "etag": bench.client.get_job("job").etag,
        "match_condition": MatchConditions.IfModified,
    }
    with pytest.raises(ResourceModifiedError) as caught:
        bench.client.get_job("job", **known)
    assert caught.value.status_code == 304
    bench.client.update_job("job", bench.models.BatchJobUpdateOptions(priority=1))
    assert bench.client.get_job("job", **known).priority == 1


def test_routes_are_told_apart() -> None:
    """No two operations share verb and path, and each has a unique name."""
    assert len({(route.method, route.path) for route in ROUTES}) == len(ROUTES)
    assert len({route.operation for route in ROUTES}) == len(ROUTES)
