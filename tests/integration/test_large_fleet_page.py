"""The fleet page of 20,000 sensors, as people meet it in a browser; ``make bench-fleet`` measures it.

The fleet and its history are generated: whether real runs leave the same is what ``test_fleet_page.py`` sees.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from bench.generated_fleet import write
from bench.harness.api_server import PAGE, serving
from bench.harness.fleet_history import IMAGE, GeneratedFleet
from local_stack.services.azurite import running_azurite
from local_stack.services.browser import open_page
from scoring_contract.hour import RunHour
from sensor_scoring.hourly.outcome.summary import Outcome
from tests.integration.browser import keep, without_trouble
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from bench.harness.api_server import Browser as Server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(3600)]

FLEET = GeneratedFleet(20_000, RunHour.parse("2026-01-05T09"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve a fleet of 20,000 sensors and 48 hours."""
    folder = tmp_path_factory.mktemp("large-fleet")
    with running_azurite(folder / "blobs", log=folder / "azurite.log") as storage:
        write(FLEET, storage)
        with serving(storage, folder) as server:
            yield server


@contextmanager
def opened(browser: Browser, server: Server, *, is_dark: bool = False, **query: str) -> Iterator[Page]:
    """Open a view as somebody who may look."""
    page = open_page(browser, is_dark=is_dark)
    page.context.add_cookies([server.cookie])
    page.goto(f"{server.address}{PAGE}?{urlencode(query)}")
    page.locator("main").wait_for()
    yield page
    page.context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_map_has_every_sensor(browser: Browser, server: Server, theme: str) -> None:
    """Its totals are those of the newest hour, and its grid scrolls over a row for each sensor."""
    silent = sum(FLEET.outcome(number, 0) is Outcome.SILENT for number in range(FLEET.size))
    with opened(browser, server, is_dark=theme == "dark") as page, without_trouble(page, server.address):
        page.locator(".total.silent", has_text=f"{silent:,}").wait_for()
        # One more that sends and has no model.
        page.locator(f'[role=grid][aria-rowcount="{FLEET.size + 1}"]').wait_for()
        keep(page, f"fleet-page-20000-{theme}")
        page.evaluate("() => { const map = document.querySelector('.map-scroll'); map.scrollTop = 1e9; }")
        place = page.locator(".map-scroll")
        until(lambda: place.evaluate("map => map.scrollTop + map.clientHeight >= map.scrollHeight - 1"))


def test_one_of_them_is_found_by_its_name_and_opened_by_a_key(browser: Browser, server: Server) -> None:
    """Its name is markup, and stays a text; its readings are there."""
    with opened(browser, server) as page, without_trouble(page, server.address):
        page.locator(".total-hour").wait_for()
        page.get_by_role("searchbox", name="Filter sensors by name").fill("<img")
        page.locator('[role=grid][aria-rowcount="1"]').wait_for()
        page.get_by_role("grid").focus()
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Enter")
        until(lambda: "view=sensor" in page.url)
        page.get_by_text(IMAGE).first.wait_for()
        page.get_by_text("readings,").first.wait_for()
        assert page.locator("img").count() == 0
        keep(page, "fleet-page-20000-sensor")


def test_more_gaps_than_a_server_looks_for_at_once_are_refused_in_a_sentence(
    browser: Browser, server: Server
) -> None:
    """It says how many hours can be looked at."""
    with opened(browser, server, view="gaps") as page:
        page.get_by_text("look at 12 hours or fewer at once").wait_for()


def test_a_pool_that_cannot_be_asked_is_said_to_be_unknown(browser: Browser, server: Server) -> None:
    """The size of the fleet keeps nobody from seeing that."""
    with opened(browser, server, view="pool") as page, without_trouble(page, server.address):
        page.get_by_text("Not everything is known now").wait_for()
