"""A person at the fleet page: what it shows of hours that real runs have scored, and what follows from it."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from functools import partial
from itertools import cycle
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import pytest

from local_stack.bootstrap import ROOT
from local_stack.services.browser import open_page
from scoring_contract.layout import Container, prediction_blob, span_labels_folder
from tests.integration.browser import keep, sign_in, without_trouble
from tests.integration.conftest import QUICK, Obedient
from tests.integration.fleet_world import (
    FAILING,
    GAP,
    GREEN,
    HOSTILE,
    MARKUP,
    RED,
    REPAIRED,
    SILENT,
    TRAINED_UNTIL,
    VIEWER,
    a_fleet,
    a_red_run,
)
from tests.integration.world import DAG
from tests.support.receivers import running_webhook
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, FrameLocator, Locator, Page

    from scoring_contract.hour import RunHour
    from tests.integration.world import World

pytestmark = [pytest.mark.browser, pytest.mark.timeout(3600)]
AXE = ROOT / "ui/node_modules/axe-core/axe.min.js"
FLEET, API = "sensor-scoring/fleet", f"sensor-scoring/api/dags/{DAG}"
HOSTILE_NAME = f"2 / {MARKUP}"


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Run an Airflow whose fleet has scored two hours, one of them with a failed sensor."""
    scorer = Obedient.made_in(tmp_path_factory.mktemp("image"))
    with a_fleet(tmp_path_factory.mktemp("fleet"), scorer, QUICK) as world:
        yield world


@contextmanager
def signed_in(
    browser: Browser, fleet: World, user: str = "admin", *, is_dark: bool = False
) -> Iterator[Page]:
    """Sign in on a page of one's own, which the fleet page gives no trouble."""
    page = open_page(browser, is_dark=is_dark)
    sign_in(page, fleet.cluster, user)
    with without_trouble(page, fleet.cluster.address):
        yield page
    page.context.close()


@pytest.fixture
def page(browser: Browser, fleet: World) -> Iterator[Page]:
    """Sign in as an administrator."""
    with signed_in(browser, fleet) as page:
        yield page


@pytest.fixture
def viewers(browser: Browser, fleet: World) -> Iterator[Page]:
    """Sign in as somebody who may only look."""
    with signed_in(browser, fleet, VIEWER) as page:
        yield page


def query(view: str, first: RunHour, last: RunHour, **more: str) -> str:
    """Return the query of a view of some hours."""
    return "?" + urlencode({"view": view, "from": str(first), "to": str(last), **more})


def open_framed(page: Page, fleet: World, asked: str, place: str = "plugin/fleet") -> FrameLocator:
    """Open a view in Airflow's frame."""
    page.goto(f"{fleet.cluster.address}/{place}{asked}")
    return page.frame_locator("iframe")


def open_map(page: Page, fleet: World, first: RunHour, last: RunHour) -> FrameLocator:
    """Open the map of some hours in Airflow's frame, and put the keyboard on its newest hour's first cell."""
    frame = open_framed(page, fleet, query("fleet", first, last))
    frame.locator(".total-hour").wait_for()
    frame.get_by_role("grid").focus()
    page.keyboard.press("ArrowUp")
    until(lambda: ":00" in cell_text(frame))
    return frame


def cell_text(frame: FrameLocator) -> str:
    """Return what a screen reader says of the cell under the keyboard's cursor."""
    return str(frame.locator("#cursor-cell").inner_text())


def run_of(fleet: World, hour: RunHour) -> str:
    """Return the newest run that was triggered for an hour."""
    found = [run for run in fleet.web.runs(DAG) if run["conf"].get("hour") == str(hour)]
    return str(max(found, key=lambda run: str(run["run_after"]))["dag_run_id"])


def row_of(within: Page | FrameLocator, text: str) -> Locator:
    """Return the row of a table that has a text."""
    return within.get_by_role("row").filter(has_text=text).first


def has(place: Locator, text: str) -> bool:
    """Whether a text stands there."""
    return text in str(place.inner_text())


def test_the_fleet_opens_from_airflows_menu_and_says_how_each_sensor_fared(fleet: World, page: Page) -> None:
    """The menu leads to the fleet in Airflow's frame, and its table has each sensor's outcome in words."""
    page.get_by_role("link", name="Fleet").or_(page.get_by_role("button", name="Fleet")).first.click()
    frame = page.frame_locator("iframe")
    frame.get_by_role("grid").wait_for()
    assert "/plugin/fleet" in page.url
    frame = open_framed(page, fleet, query("fleet", GREEN, RED))
    frame.get_by_role("checkbox", name="Table").check()
    until(lambda: "as=table" in page.url)
    page.reload()
    for sensor, outcome in (("1_1", "scored"), (FAILING, "failed"), (SILENT, "silent"), (MARKUP, "scored")):
        until(partial(has, row_of(frame, sensor), outcome))
    assert "240" in row_of(frame, "1_1").inner_text()
    assert "digest" in row_of(frame, FAILING).inner_text()


def test_a_dag_has_a_tab_with_the_fleet(fleet: World, page: Page) -> None:
    """The tab's map has the hours that the address names."""
    frame = open_framed(page, fleet, query("fleet", GREEN, RED), f"dags/{DAG}/plugin/fleet-of-dag")
    frame.locator(".total-hour", has_text="5 Jan 2026, 09:00").wait_for()
    assert frame.get_by_role("grid").get_attribute("aria-colcount") == "3"


def test_a_run_has_a_tab_with_its_batch_tasks(fleet: World, page: Page) -> None:
    """It says on which nodes they ran, which failed, and why."""
    page.goto(f"{fleet.cluster.address}/dags/{DAG}/runs/{quote(run_of(fleet, RED), safe='')}")
    page.get_by_role("link", name="Fleet").last.click()
    frame = page.frame_locator("iframe")
    frame.get_by_text("on 1 node").or_(frame.get_by_text("on 2 nodes")).first.wait_for()
    failure = frame.locator("section").filter(has=frame.get_by_role("heading", name="Failed"))
    assert FAILING in failure.inner_text()
    assert "digest" in failure.inner_text()
    frame.get_by_role("checkbox", name="Table").check()
    assert "failed, exit code 3" in row_of(frame, FAILING).inner_text()


def test_keys_and_the_pointer_say_what_a_cell_is(fleet: World, page: Page) -> None:
    """Sorted by trouble, the failed cell comes first: the cursor says why, and so does the card."""
    frame = open_map(page, fleet, GREEN, RED)
    until(lambda: f"{FAILING}, " in cell_text(frame) and "failed" in cell_text(frame))
    assert "digest" in cell_text(frame)
    page.keyboard.press("ArrowLeft")
    until(lambda: "240 readings" in cell_text(frame))
    canvas = frame.locator("canvas.map-canvas")
    box = canvas.bounding_box()
    assert box
    # From the right, where the newest hour is.
    places = cycle(range(int(box["x"] + box["width"]), int(box["x"]), -10))
    card = frame.locator(".hover-card")
    until(lambda: "digest" in hovered(page, card, next(places), box["y"] + 10))


def hovered(page: Page, card: Locator, x: float, y: float) -> str:
    """Move the pointer there; return what the card says, if there is one."""
    page.mouse.move(x, y)
    return " ".join(card.all_inner_texts())


def test_a_person_goes_from_the_fleet_over_a_sensor_and_a_run_to_a_gap_and_fills_it(
    fleet: World, page: Page
) -> None:
    """Cell, sensor, label, run, gap, backfill: each view leads to the next, and what is done is done."""
    frame = open_framed(page, fleet, query("fleet", GREEN, RED))
    frame.get_by_role("searchbox", name="Filter sensors by name").fill("1_1")
    grid = frame.get_by_role("grid")
    until(lambda: grid.get_attribute("aria-rowcount") == "1")
    grid.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("End")
    page.keyboard.press("Enter")

    frame.get_by_role("heading", name="1_1").wait_for()
    assert "sensor=1_1" in page.url
    chart = frame.get_by_role("img", name=re.compile("Value over time, with"))
    chart.wait_for()
    assert " 0 anomalies" not in str(chart.get_attribute("aria-label"))
    chart.click()
    span = frame.get_by_role("region", name="The chosen span")
    span.get_by_role("textbox", name="Note").fill("the pump was opened")
    span.get_by_role("button", name="Maintenance").click()
    frame.get_by_text("the pump was opened").wait_for()
    frame.get_by_text("admin, 20").wait_for()
    blobs = fleet.stack.storage.container(Container.DATA)
    (stored,) = blobs.list_blob_names(name_starts_with=span_labels_folder("1_1"))
    label = json.loads(blobs.download_blob(stored).readall())
    assert (label["kind"], label["note"], label["by"]) == ("maintenance", "the pump was opened", "admin")

    frame.get_by_role("button", name=str(GREEN)).click()
    frame.get_by_role("heading", name="08:00").wait_for()
    assert "green" in frame.locator(".run-head").inner_text()

    frame.get_by_role("link", name="Gaps").click()
    gaps = frame.locator(".gaps")
    gaps.get_by_role("combobox", name="Range").select_option("fixed")
    gaps.get_by_label("From, UTC").fill(f"{GAP}:00")
    gaps.get_by_label("To, UTC, included").fill(f"{GAP}:00")
    gaps.get_by_role("row").filter(has_text=str(GAP)).wait_for()
    gaps.get_by_role("button", name="Backfill …").click()
    dialog = frame.get_by_role("dialog")
    dialog.get_by_text("Airflow would start 1 run:").wait_for()
    dialog.get_by_text(f"Run of {GAP}").wait_for()
    assert not any(run["run_type"] == "backfill" for run in fleet.web.runs(DAG))
    dialog.get_by_role("button", name="Backfill", exact=True).click()
    frame.get_by_text("Every hour is complete").wait_for()
    (run,) = [run for run in fleet.web.runs(DAG) if run["run_type"] == "backfill"]
    assert fleet.wait(run["dag_run_id"]) == "success"
    predictions = fleet.stack.storage.container(Container.PREDICTIONS)
    assert predictions.get_blob_client(prediction_blob(GAP, "1_1")).exists()


def test_a_failed_cell_is_scored_again_once_its_model_is_repaired(fleet: World, page: Page) -> None:
    """The map says how many Batch tasks that makes; the run then ends green, and the cell is scored."""
    run = a_red_run(fleet, REPAIRED)
    frame = open_map(page, fleet, REPAIRED, REPAIRED)
    until(lambda: f"{FAILING}, " in cell_text(frame) and "failed" in cell_text(frame))
    page.keyboard.press("Shift+ArrowUp")
    frame.get_by_role("button", name="Re-score these: 1 Batch task …").click()
    dialog = frame.get_by_role("dialog")
    dialog.get_by_text("Airflow would clear 1 task instance in 1 run").wait_for()
    assert fleet.web.run_state(DAG, run) == "failed"
    dialog.get_by_role("button", name="Re-score", exact=True).click()
    dialog.get_by_text("Airflow has cleared 1 task instance").wait_for()
    assert fleet.wait(run) == "success"
    frame = open_framed(page, fleet, query("fleet", REPAIRED, REPAIRED, **{"as": "table"}))
    # The row is there before the hour's record is.
    until(partial(has, row_of(frame, FAILING), "scored"))


def test_links_into_airflow_open_in_the_same_tab(fleet: World, page: Page) -> None:
    """Out of its frame, the page leads Airflow to a run; alone, it does the same."""
    for start in ("plugin/fleet", FLEET):
        page.goto(f"{fleet.cluster.address}/{start}{query('fleet', GREEN, RED)}")
        within = page.frame_locator("iframe") if start != FLEET else page
        within.locator(".total-hour a").click()
        page.wait_for_url(f"**/dags/{DAG}/runs/*")
        page.get_by_role("link", name="Dags").first.wait_for()
    assert len(page.context.pages) == 1


def test_the_theme_follows_airflows(fleet: World, page: Page) -> None:
    """Light or dark as Airflow is, also when a person changes it while the page is open."""
    frame = open_framed(page, fleet, query("fleet", GREEN, RED))
    root = frame.locator("html")
    for theme in ("dark", "light"):
        page.get_by_role("button", name="User").click()
        page.get_by_role("menuitem", name="Appearance").click()
        page.get_by_text(f"{theme.capitalize()} Mode").click()
        until(partial(is_themed, root, theme))


def is_themed(root: Locator, theme: str) -> bool:
    """Whether the page has this theme."""
    return str(root.get_attribute("data-theme")) == theme


def test_a_viewer_sees_everything_and_is_offered_nothing(fleet: World, viewers: Page) -> None:
    """Who may only look is told so where others find buttons, and is refused by the server all the same."""
    frame = open_map(viewers, fleet, GREEN, RED)
    viewers.keyboard.press("Shift+ArrowUp")
    frame.get_by_text("Your role in Airflow may look, and not score again.").wait_for()
    assert frame.get_by_role("button", name="Re-score").count() == 0

    frame = open_framed(viewers, fleet, query("sensor", GREEN, RED, sensor="1_1"))
    frame.get_by_role("img", name=re.compile("Value over time")).click()
    frame.get_by_text("Your role in Airflow may look, and not label.").wait_for()
    assert frame.get_by_role("button", name="Maintenance").count() == 0

    frame = open_framed(viewers, fleet, query("gaps", REPAIRED, RED))
    frame.get_by_text("Your role in Airflow may not start this: pass the command on.").first.wait_for()
    for button in ("Backfill", "Clear", "Trigger"):
        assert frame.get_by_role("button", name=f"{button} …").count() == 0

    assert labels(viewers, fleet, {"sec-fetch-site": "same-origin"}) == 403


def labels(page: Page, fleet: World, headers: dict[str, str]) -> int:
    """Label a reading with the session of a page; return the response's status."""
    start = int(GREEN.start.timestamp()) * 1000
    body = {"from": start, "to": start + 1000, "kind": "real", "note": ""}
    place = f"{fleet.cluster.address}/{API}/sensors/1_3/labels"
    headers = {"content-type": "application/json", **headers}
    return int(page.context.request.post(place, data=json.dumps(body), headers=headers).status)


def test_a_page_of_another_port_changes_nothing_with_a_persons_session(fleet: World, page: Page) -> None:
    """A browser sends the session with a request from another port of the same host, and it is refused."""
    place = f"{fleet.cluster.address}/{API}/sensors/1_3/labels"
    assert labels(page, fleet, {"origin": "http://127.0.0.1:1"}) == 403
    with running_webhook() as hook:
        other = page.context.new_page()
        other.goto(f"http://127.0.0.1:{hook.port}/")
        with other.expect_response(place) as refused:
            other.evaluate(
                """place => {
                    const form = document.createElement("form");
                    Object.assign(form, {method: "POST", action: place, enctype: "text/plain"});
                    document.body.append(form);
                    form.submit();
                }""",
                place,
            )
        # Without the session it would be 401.
        assert refused.value.status == 403
    assert not list(
        fleet.stack.storage.container(Container.DATA).list_blob_names(
            name_starts_with=span_labels_folder("1_3")
        )
    )


def test_a_stranger_is_sent_to_sign_in(fleet: World, browser: Browser) -> None:
    """Nobody sees anything before they sign in; the page that says so leads there and back."""
    page = open_page(browser)
    asked = query("fleet", GREEN, RED)
    page.goto(f"{fleet.cluster.address}/plugin/fleet{asked}")
    page.locator("input[name=username]").wait_for()
    for place in ("hours", "sensors", "runs/any", "pool", "gaps", "openapi.json"):
        base = API if place != "openapi.json" else "sensor-scoring/api"
        assert page.context.request.get(f"{fleet.cluster.address}/{base}/{place}").status == 401
    answer = page.goto(f"{fleet.cluster.address}/{FLEET}{asked}")
    assert answer
    assert answer.status == 401
    page.get_by_role("link", name="Sign in").click()
    page.fill("input[name=username]", VIEWER)
    page.fill("input[name=password]", fleet.cluster.password_of(VIEWER))
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("grid").wait_for()
    page.context.close()


def views(fleet: World) -> dict[str, str]:
    """Return the address of each view, behind Airflow's."""
    run = quote(run_of(fleet, RED), safe="")
    return {
        "fleet": FLEET + query("fleet", REPAIRED, RED),
        "fleet-table": FLEET + query("fleet", REPAIRED, RED, **{"as": "table"}),
        "sensor": FLEET + query("sensor", GREEN, RED, sensor=HOSTILE),
        "run": f"{FLEET}/dags/{DAG}/runs/{run}",
        "gaps": FLEET + query("gaps", TRAINED_UNTIL, RED),  # nobody scores the first of them
        "pool": f"{FLEET}?view=pool",
    }


VIEWS = ("fleet", "fleet-table", "sensor", "run", "gaps", "pool")


def opened(page: Page, fleet: World, view: str) -> None:
    """Open a view alone, and wait until it has loaded everything."""
    page.goto(f"{fleet.cluster.address}/{views(fleet)[view]}")
    page.locator("main").wait_for()
    page.wait_for_load_state("networkidle")
    until(lambda: page.locator(".loading").count() == 0)


@pytest.mark.parametrize("view", VIEWS)
def test_a_sensor_with_markup_for_a_name_shows_as_text(fleet: World, page: Page, view: str) -> None:
    """No view makes an element of a name, in its page, its table or its cards."""
    opened(page, fleet, view)
    if view == "fleet":
        page.get_by_role("searchbox", name="Filter sensors by name").fill("<img")
        page.get_by_role("grid").focus()
        page.keyboard.press("ArrowUp")
    if view == "run":
        page.get_by_role("checkbox", name="Table").check()
    if view != "pool":  # it names no sensor
        page.get_by_text(MARKUP).first.wait_for(state="attached")
    assert page.locator("img").count() == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing_serious(browser: Browser, fleet: World, view: str, theme: str) -> None:
    """Neither in light nor in dark colours; a picture of each is kept."""
    with signed_in(browser, fleet, is_dark=theme == "dark") as page:
        opened(page, fleet, view)
        assert page.locator("html").get_attribute("data-theme") == theme
        keep(page, f"fleet-page-{view}-{theme}")
        page.evaluate(AXE.read_text())
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert [
        (each["id"], [node["target"] for node in each["nodes"]])
        for each in found["violations"]
        if each["impact"] in {"serious", "critical"}
    ] == []
