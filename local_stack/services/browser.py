"""Chromium, for tests of the web UI and for measuring it."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

# Chromium's own sandbox needs more than a container grants; it meets nothing but our own pages here.
_OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_SIZE = 1280, 800
_PATIENCE_MS = 180_000
"""Guard against hanging, however busy the machine."""


@contextmanager
def running_browser() -> Iterator[Browser]:
    """Run the machine's Chromium, or the one that Playwright has downloaded."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  installed by make test-browser alone

    program = next(filter(None, map(shutil.which, _NAMES)), None)
    with (
        sync_playwright() as player,
        player.chromium.launch(executable_path=program, args=_OPTIONS) as browser,
    ):
        yield browser


def open_page(browser: Browser, *, is_dark: bool = False) -> Page:
    """Open a page of a person's own: no other has its session or its cache.

    :param is_dark: whether the person's system prefers dark colours
    """
    width, height = _SIZE
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme="dark" if is_dark else "light"
    )
    page = context.new_page()
    page.set_default_timeout(_PATIENCE_MS)
    return page
