"""The application of all routes."""

from __future__ import annotations

import pytest
from airflow.api_fastapi.core_api.security import get_user
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from sensor_scoring.ui.api.access import may_see_runs, scores_the_fleet
from sensor_scoring.ui.api.app import app


def test_no_route_goes_without_airflows_check() -> None:
    """Every route of the fleet authorises first, and then knows no DAG but the one that scores it."""
    routes = [route for route in app.routes if isinstance(route, APIRoute)]
    assert len(routes) == len(app.routes)
    for route in routes:
        first, *others = (dependency.call for dependency in route.dependant.dependencies)
        if route.path == "/openapi.json":
            assert first is get_user
        else:
            assert route.path.startswith("/dags/{dag_id}/")
            assert (first, others[0]) == (may_see_runs, scores_the_fleet)


@pytest.mark.parametrize(
    ("method", "address", "status", "detail"),
    [
        ("GET", "/dags/hourly_scoring/hours", 401, "You are not signed in to Airflow, or no longer."),
        ("GET", "/openapi.json", 401, "You are not signed in to Airflow, or no longer."),
        ("GET", "/nothing", 404, "There is no such address."),
        ("DELETE", "/dags/hourly_scoring/hours", 405, "Method Not Allowed."),
    ],
)
def test_every_refusal_is_one_sentence(method: str, address: str, status: int, detail: str) -> None:
    """With headers that let it do nothing but be read."""
    answer = TestClient(app).request(method, address)
    assert (answer.status_code, answer.json()) == (status, {"detail": detail})
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert answer.headers["cache-control"] == "private, no-cache"
