"""What people do in a browser first, and what its pages must not do."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from local_stack.airflow.cluster import USER
from local_stack.bootstrap import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import ConsoleMessage, Page, Request

    from local_stack.airflow.cluster import Cluster

PICTURES = ROOT / ".local" / "pictures"
"""What the documentation shows, as it looks now: for ``docs/images``."""


def sign_in(page: Page, cluster: Cluster, user: str = USER) -> None:
    """Sign in to Airflow."""
    page.goto(cluster.address)
    page.fill("input[name=username]", user)
    page.fill("input[name=password]", cluster.password_of(user))
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Dags").first.wait_for()


def keep(page: Page, name: str) -> None:
    """Take a picture of the page once it has loaded everything."""
    page.wait_for_load_state("networkidle")
    page.screenshot(path=PICTURES / f"{name}.png", animations="disabled")


@contextmanager
def without_trouble(page: Page, address: str) -> Iterator[None]:
    """Check that meanwhile nothing asks another host, and that our page raises and logs no error.

    A violation of the content security policy is such an error.

    :param address: of Airflow
    """
    troubles: list[str] = []

    def on_request(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.netloc != urlsplit(address).netloc:
            troubles.append(f"asks {request.url}")

    def on_message(message: ConsoleMessage) -> None:
        if message.type == "error" and "/sensor-scoring/" in message.location.get("url", ""):
            troubles.append(message.text)

    def on_error(error: Exception) -> None:
        troubles.append(str(error))

    page.on("request", on_request)
    page.on("console", on_message)
    page.on("pageerror", on_error)
    yield
    page.remove_listener("request", on_request)
    page.remove_listener("console", on_message)
    page.remove_listener("pageerror", on_error)
    if troubles:
        raise AssertionError("\n".join(troubles))
