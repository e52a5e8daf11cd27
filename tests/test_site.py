"""The documentation's site: its links work as they do on GitHub, and opening it needs no network."""

from __future__ import annotations

import importlib.util
import re
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.typed import ROOT, typed

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

SITE = ROOT / ".local" / "docs" / "site"
MERMAID = '<script src="./mermaid.tiny.js"></script>'


def script(name: str) -> ModuleType:
    """Load a script of the ``docs`` folder."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_link_of_a_page_comes_along(tmp_path: Path) -> None:
    """Pages keep their paths, and the files that they link to are copied with them."""
    script("site_pages").lay_out(tmp_path)
    pages = list((tmp_path / "pages").rglob("*.md"))
    links = [
        (page, target)
        for page in pages
        for target in re.findall(r"\]\((?!http|#)([^)#\s]+)", page.read_text())
    ]
    assert len(links) > 100
    assert [(page.name, target) for page, target in links if not (page.parent / target).exists()] == []


def test_the_api_page_names_classes_that_exist() -> None:
    """A class that moves takes its page with it."""
    text = (ROOT / "docs" / "site_pages.py").read_text()
    names = re.findall(r'"(sensor_scoring\.[\w.]+)"', text)
    assert len(names) > 5
    for name in names:
        module, _, cls = name.rpartition(".")
        source = (ROOT / "plugins" / module.replace(".", "/")).with_suffix(".py").read_text()
        assert f"class {cls}(" in source, name


@pytest.mark.parametrize(
    ("page", "loaded"),
    [
        ('<a href="https://example.org">a link</a><img src="a.png"><link rel="canonical" href="//b">', None),
        ('<script src="https://example.org/a.js"></script>', "https://example.org/a.js"),
        ('<img src="//example.org/a.png">', "//example.org/a.png"),
        ('<link rel="stylesheet" href="https://example.org/a.css">', "https://example.org/a.css"),
        ('<link rel="preconnect" href="https://example.org">', "https://example.org"),
        ("<style>@font-face{src:url(https://example.org/a.woff2)}</style>", "https://example.org/a.woff2"),
        (f'<pre class="mermaid"><code>a-->b</code></pre>{MERMAID}', None),
        ('<pre class="mermaid"><code>a-->b</code></pre>', "https://unpkg.com/mermaid"),
    ],
)
def test_a_page_that_loads_from_elsewhere_fails_the_build(tmp_path: Path, page, loaded) -> None:
    """Links may lead anywhere; scripts, styles, pictures and fonts must come with the site."""
    (tmp_path / "page.html").write_text(f"<html><body>{page}</body></html>")
    check = script("site_check")
    expected = [] if loaded is None else [f"page.html: {loaded}"]
    assert list(dict.fromkeys(check.remote_loads(tmp_path))) == expected
    assert check.main(tmp_path) == len(expected)


def test_a_style_sheet_that_loads_from_elsewhere_fails_the_build(tmp_path: Path) -> None:
    """Fonts are the usual case."""
    (tmp_path / "a.css").write_text(
        '@import "https://example.org/font.css"; b{background:url(data:image/png)}'
    )
    assert list(script("site_check").remote_loads(tmp_path)) == ["a.css: https://example.org/font.css"]


@pytest.mark.browser
@pytest.mark.timeout(1800)
def test_opening_the_built_site_sends_no_request(tmp_path: Path) -> None:
    """Every page comes from disk alone, and every diagram is drawn."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  installed by make test-browser alone

    done = typed("make docs", tmp_path)
    assert done.returncode == 0, done.stderr
    pages = sorted(SITE.rglob("*.html"))
    assert len(pages) > 20
    requested: list[str] = []
    program = shutil.which("chromium") or shutil.which("google-chrome")
    with (
        sync_playwright() as player,
        player.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"]) as browser,
    ):
        page = browser.new_page()
        page.on("request", lambda request: requested.append(request.url))
        for file in pages:
            page.goto(file.as_uri(), wait_until="networkidle")
            page.wait_for_function("!document.querySelector('pre.mermaid')")
    assert [url for url in requested if not url.startswith(("file:", "data:", "blob:"))] == []
