"""The documentation's site is laid out so that links work in it as they do on GitHub."""

from __future__ import annotations

import importlib.util
import re
from typing import TYPE_CHECKING

from tests.typed import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def test_every_link_of_a_page_comes_along(tmp_path: Path) -> None:
    """Pages keep their places, and what they link to lies beside them."""
    spec = importlib.util.spec_from_file_location("site_pages", ROOT / "docs" / "site_pages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.lay_out(tmp_path)
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
