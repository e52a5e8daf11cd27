"""Authentication: odd signatures, old requests, and the tokens that tasks get."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.moments import http_date
from azure_batch_emulator.wire.auth import check_age

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.batch_emulator.bench import Bench

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)


def asked(bench: Bench, path: str, **headers: str) -> httpx.Response:
    """Send a request with headers of our own."""
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    url = f"{bench.emulator.endpoint}{path}?api-version=2025-06-01"
    return httpx.get(url, headers=raw, trust_env=False, timeout=60)


@pytest.mark.parametrize(
    "value", ["SharedKey {account}:ünß", "SharedKey ü:abc", "Bearer ü.ß", "ü", "SharedKey"]
)
def test_signature_that_is_not_ascii_is_refused(bench: Bench, value: str) -> None:
    """It is refused like any other wrong signature."""
    answer = asked(bench, "/pools", Authorization=value.format(account=bench.emulator.account))
    assert answer.status_code in {400, 403}


@pytest.mark.parametrize("header", ["ocp_date", "client_request_id", "If_Match", "User_Agent"])
def test_headers_that_are_not_ascii_do_no_harm(bench_of: Callable[..., Bench], header: str) -> None:
    """Whatever a header contains, the request gets a response."""
    bench = bench_of(allow_bearer=True)
    odd = {header: "ünß", "return_client_request_id": "true"}
    assert asked(bench, "/pools", Authorization="Bearer x", **odd).status_code == 200


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({"ocp-date": http_date(NOW - timedelta(minutes=14))}, True),
        ({"date": http_date(NOW + timedelta(minutes=14))}, True),
        ({"ocp-date": http_date(NOW - timedelta(minutes=16))}, False),
        ({"ocp-date": http_date(NOW), "date": "Mon, 01 Jan 2001 00:00:00 GMT"}, True),
        ({"ocp-date": "yesterday"}, False),
        ({}, False),
    ],
)
def test_requests_age(headers: dict[str, str], *, allowed: bool) -> None:
    """A request is valid for a quarter of an hour, judged by ocp-date before Date."""
    if allowed:
        check_age(headers, NOW)
    else:
        with pytest.raises(ApiError) as refused:
            check_age(headers, NOW)
        assert (refused.value.status, refused.value.code) == (403, "AuthenticationFailed")


def test_old_requests_are_refused_when_asked_for(bench_of: Callable[..., Bench]) -> None:
    """With the option, the SDK's current requests pass, and the same request without a date does not."""
    bench = bench_of(refuse_old_requests=True)
    assert list(bench.client.list_jobs()) == []
    answer = asked(bench, "/jobs", Authorization=f"SharedKey {bench.emulator.account}:x")
    assert "ocp-date" in answer.json()["values"][0]["value"]


def test_request_id_comes_back_on_request(bench_of: Callable[..., Bench]) -> None:
    """client-request-id is echoed if the client asks for it."""
    bench = bench_of(allow_bearer=True)
    mine: dict[str, Any] = {"Authorization": "Bearer x", "client_request_id": "mine"}
    assert "client-request-id" not in asked(bench, "/jobs", **mine).headers
    answer = asked(bench, "/jobs", **mine, return_client_request_id="true")
    assert answer.headers["client-request-id"] == "mine"


def test_token_of_a_task_opens_its_job(ready: Bench) -> None:
    """AuthenticationTokenSettings give the task a token for its own job, and for nothing else."""
    ready.job("other")
    task = ready.task_options(ready.sh('printf %s "$AZ_BATCH_AUTHENTICATION_TOKEN"'))
    task["authenticationTokenSettings"] = {"access": ["job"]}
    ready.client.create_task("job", task)
    ready.ended()
    token = f"Bearer {ready.output()}"
    assert asked(ready, "/jobs/job/tasks", Authorization=token).status_code == 200
    for path in ("/jobs/other", "/jobs", "/pools", "/jobs/job2", "/pools/pool/jobs/job"):
        assert asked(ready, path, Authorization=token).status_code == 403, path


def test_only_the_accounts_ways_to_sign_in_count(bench_of: Callable[..., Bench]) -> None:
    """A key or a token is refused if the account takes the other alone, and the answer says so."""
    takes_tokens = bench_of(allow_bearer=True, authentication_modes=["AAD"])
    assert asked(takes_tokens, "/jobs", Authorization="Bearer x").status_code == 200
    answer = asked(takes_tokens, "/jobs", Authorization=f"SharedKey {takes_tokens.emulator.account}:x")
    assert "modes are AAD, and not SharedKey" in answer.json()["values"][0]["value"]
    takes_keys = bench_of(allow_bearer=True, authentication_modes=["SharedKey"])
    assert list(takes_keys.client.list_jobs()) == []
    answer = asked(takes_keys, "/jobs", Authorization="Bearer x")
    assert "modes are SharedKey, and not AAD" in answer.json()["values"][0]["value"]
