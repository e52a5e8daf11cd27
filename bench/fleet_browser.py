"""Measures the fleet page in a browser: ``make bench-fleet``.

A generated fleet and 48 hours of it lie in Azurite, behind an api-server of Airflow with our plugin. Chromium
opens the page, without a graphics card, until every record is drawn: with an empty cache, and with all of it.
Then the map is scrolled from the top to the bottom by a screen's tenth in each frame.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.generated_fleet import write
from bench.harness.api_server import PAGE, serving
from bench.harness.command import run_benchmark
from bench.harness.fleet_history import GeneratedFleet
from local_stack.services.azurite import running_azurite
from local_stack.services.browser import open_page, running_browser
from scoring_contract.hour import RunHour

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from bench.harness.api_server import Browser as Server

RESULTS = Path(__file__).parent / "results" / "fleet_browser.json"
LAST = RunHour.parse("2026-01-05T09")
_ROUNDS = 5
_DRAWN = "() => performance.getEntriesByName('fleet drawn').length > 0"
_OPENED = """() => {
    const kinds = ["navigation", "resource"];
    const asked = kinds.flatMap((kind) => performance.getEntriesByType(kind));
    return {
        drawn_ms: performance.getEntriesByName("fleet drawn")[0].startTime,
        bytes: asked.reduce((sum, entry) => sum + entry.transferSize, 0),
    };
}"""
_SCROLLED = """async () => {
    const place = document.querySelector(".map-scroll");
    const step = place.clientHeight / 10;
    const frame = () => new Promise(requestAnimationFrame);
    const times = [];
    let last = await frame();
    for (let at = 0; at < 300 && place.scrollTop + place.clientHeight < place.scrollHeight; at++) {
        place.scrollTop += step;
        const now = await frame();
        times.push(now - last);
        last = now;
    }
    return times;
}"""


def main() -> None:
    """Measure all fleets, print and save the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sensors", type=int, nargs="+", default=[15, 1_000, 20_000])
    order = parser.parse_args()
    found: dict[int, Any] = {}
    with running_browser() as browser:
        for sensors in order.sensors:
            found[sensors] = measured(browser, GeneratedFleet(sensors, LAST))
            print(sensors, json.dumps(found[sensors], indent=2), flush=True)
    RESULTS.write_text(json.dumps(found, indent=2) + "\n")


def measured(browser: Browser, fleet: GeneratedFleet) -> dict[str, Any]:
    """Measure the page of a fleet."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        data = Path(folder)
        with running_azurite(data / "blobs", log=data / "azurite.log") as storage:
            write(fleet, storage)
            with serving(storage, data) as server:
                server.open_page()  # bench.fleet_page measures a server's first answers
                return _of(browser, server)


def _of(browser: Browser, server: Server) -> dict[str, Any]:
    new, again, frames = [], [], []
    for _ in range(_ROUNDS):
        page = open_page(browser)
        page.context.add_cookies([server.cookie])
        new.append(_open(page, server))
        again.append(_open(page, server))
        frames += page.evaluate(_SCROLLED)
        page.context.close()
    found = {"new": _median(new), "again": _median(again), "frames": len(frames)}
    if frames:  # a small fleet needs no scrolling
        found["frame_ms"] = round(statistics.median(frames), 1)
        found["frame_ms_p99"] = round(statistics.quantiles(frames, n=100)[-1], 1)
        found["longest_frame_ms"] = round(max(frames), 1)
    return found


def _open(page: Page, server: Server) -> dict[str, float]:
    page.goto(server.address + PAGE)
    page.wait_for_function(_DRAWN)
    return dict(page.evaluate(_OPENED))


def _median(opened: list[dict[str, float]]) -> dict[str, float]:
    return {name: round(statistics.median(each[name] for each in opened)) for name in opened[0]}


if __name__ == "__main__":
    run_benchmark(main)
