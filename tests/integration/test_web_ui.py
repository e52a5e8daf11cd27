"""A person in a browser: what the web UI tells about an hour, and every way to repair it there."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from local_stack.services.browser import open_page
from tests.integration.browser import keep, sign_in
from tests.integration.repair import FAILING, a_red_run, ends_anew, note_of
from tests.integration.world import DAG, HOUR, SCORED

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, Page, Response

    from tests.integration.world import World
    from tests.support.receivers import Webhook

pytestmark = [pytest.mark.browser, pytest.mark.timeout(3600)]


@pytest.fixture(scope="module")
def page(world: World, browser: Browser) -> Page:
    """Sign in."""
    page = open_page(browser)
    sign_in(page, world.cluster)
    return page


def of_run(world: World, run: str, *more: str) -> str:
    """Return the address of a run's page, or of one below it."""
    return "/".join((world.cluster.address, "dags", DAG, "runs", quote(run, safe=""), *more))


def is_a_clear(answer: Response) -> bool:
    """Whether a response is that of an actual clear, not of the dialog's dry run."""
    sent = json.loads(answer.request.post_data or "{}") if answer.request.method == "POST" else {}
    return isinstance(sent, dict) and sent.get("dry_run") is False


def is_saved_as(name: str) -> Callable[[Response], bool]:
    """Return a check whether browsers save a response under a name."""
    return lambda answer: f'filename="{name}"' in answer.headers.get("content-disposition", "")


def confirm(page: Page, *choices: str) -> None:
    """Choose in the dialog, and confirm."""
    dialog = page.get_by_role("dialog")
    for choice in choices:
        dialog.get_by_role("button", name=choice).click()
    with page.expect_response(is_a_clear) as cleared:
        dialog.get_by_role("button", name="Confirm").click()
    assert cleared.value.ok
    page.goto("about:blank")  # a page that refreshes itself would slow the run down


def rows(world: World, page: Page, run: str, *choices: str) -> None:
    """Tick the failed sensor in the list, and clear."""
    page.goto(of_run(world, run, "tasks", "score", "mapped"))
    page.get_by_role("row").filter(has_text=FAILING).locator("label").first.click()
    page.get_by_role("button", name="Clear Task Instances").click()
    confirm(page, *choices)


def task(world: World, page: Page, run: str, *choices: str) -> None:
    """Clear the task ``score``."""
    page.goto(of_run(world, run, "tasks", "score", "mapped"))
    page.get_by_role("button", name="Press shift+c to clear all mapped task instances").click()
    confirm(page, *choices)


def whole_run(world: World, page: Page, run: str, *choices: str) -> None:
    """Clear the run."""
    page.goto(of_run(world, run))
    page.get_by_role("button", name="Press shift+c to clear", exact=True).click()
    confirm(page, *choices)


@pytest.mark.behaviour("old-summary", "cleared")
@pytest.mark.parametrize(
    ("clear", "choices"),
    [
        pytest.param(rows, [], id="rows"),
        pytest.param(rows, ["Clear only failed tasks"], id="rows-only-failed"),
        pytest.param(task, [], id="task"),
        pytest.param(task, ["Clear only failed tasks"], id="task-only-failed"),
        pytest.param(task, ["Downstream"], id="task-without-downstream"),
        pytest.param(whole_run, ["Clear only failed tasks"], id="run-only-failed"),
        pytest.param(whole_run, [], id="run"),
    ],
)
def test_whatever_a_person_clicks_the_run_ends_anew(
    world: World, told: Webhook, page: Page, clear: Callable[..., None], choices: list[str]
) -> None:
    """Every way to clear in the web UI ends in a complete hour, reported once."""
    run = a_red_run(world)
    before = len(told.bodies)
    clear(world, page, run, *choices)
    ends_anew(world, told, run, before=before)
    page.goto(of_run(world, run))
    page.get_by_text(note_of(world, run)).first.wait_for()


def test_a_person_reads_of_an_hour_what_came_of_it(world: World, page: Page) -> None:
    """The DAG describes itself, notes give hour and outcome, links lead to summary and predictions."""
    run = world.web.trigger(DAG, hour=str(HOUR))
    assert world.wait(run) == "success"
    page.goto(f"{world.cluster.address}/dags/{DAG}/details")
    page.get_by_text("find the anomalies in every sensor's readings").first.wait_for()
    note = note_of(world, run)
    assert re.match(rf"{HOUR}: 5 scored, 1 silent, \d+ anomalies; most: ", note)
    page.goto(of_run(world, run))
    page.get_by_text(note, exact=True).wait_for()

    page.goto(of_run(world, run, "tasks", "summarise", "details"))
    page.get_by_role("link", name="Summary").click()
    for sensor in SCORED:
        page.get_by_role("cell", name=sensor, exact=True).first.wait_for()

    index = world.instances(run)[FAILING].map_index
    page.goto(of_run(world, run, "tasks", "score", "mapped", str(index)))
    page.get_by_text(f"{FAILING} scored: 240 readings").first.wait_for()
    page.goto(of_run(world, run, "tasks", "score", "mapped", str(index), "details"))
    with page.expect_response(is_saved_as(f"{FAILING}-{HOUR}.csv")):
        page.get_by_role("link", name="Predictions").click()
    page.get_by_text("TS,Device,Tag,Value,Prediction").first.wait_for()


def test_pages_and_dialogs_are_as_the_runbook_shows_them(world: World, page: Page) -> None:
    """Links of an instance, the page of its Batch task, and the dialogs Clear and Backfill."""
    run = a_red_run(world)
    instances = world.instances(run)
    page.goto(of_run(world, run, "tasks", "score", "mapped", str(instances[SCORED[-1]].map_index)))
    page.get_by_role("link", name="Details", exact=True).click()
    for link in ("Batch task", "Predictions", "stdout"):
        page.get_by_role("link", name=link, exact=True).wait_for()
    keep(page, "links")
    page.get_by_role("link", name="Batch task").click()
    page.get_by_text("0: every sensor was scored or had no readings").wait_for()
    keep(page, "batch-task")

    page.goto(of_run(world, run, "tasks", "score", "mapped", str(instances[FAILING].map_index)))
    page.get_by_text("has the digest").first.wait_for()
    page.get_by_role("button", name="Press shift+c to clear").click()
    dialog = page.get_by_role("dialog")
    for step in ("score", "confirm", "summarise", "alert", "close", "verdict"):
        dialog.get_by_role("row").filter(has_text=step).wait_for()
    keep(page, "clear")

    page.goto(f"{world.cluster.address}/dags/{DAG}")
    page.get_by_role("button", name="Trigger").click()
    dialog.get_by_text("Backfill", exact=True).click()
    dialog.get_by_text("Missing and Errored Runs").wait_for()
    keep(page, "backfill")
    page.goto("about:blank")
