"""Checks that the built site needs no network: ``python docs/site_check.py FOLDER``, for ``make docs``.

Only what a browser loads counts: scripts, style sheets, pictures, fonts. Links may lead anywhere.
"""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LOADING = {"src", "srcset", "poster", "data"}
"""Attributes whose addresses a browser loads, whatever the element."""
LOADING_LINKS = {"stylesheet", "icon", "preload", "modulepreload", "preconnect", "dns-prefetch", "manifest"}
"""Values of ``rel`` with which it loads, or looks up, what a ``link`` names."""
_ELSEWHERE = re.compile(r"(?:https?:)?//", re.IGNORECASE)
_LOADED_BY_STYLE = re.compile(r"""(?:url\(|@import)\s*["']?((?:https?:)?//[^"')\s]+)""", re.IGNORECASE)
_DIAGRAM = 'class="mermaid"'
_MERMAID = "mermaid.tiny.js"


class _Loads(HTMLParser):
    """Collects the addresses of what a page loads."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        names = LOADING & values.keys()
        if tag == "link" and LOADING_LINKS & set(values.get("rel", "").split()):
            names.add("href")
        self.addresses += [values[name] for name in sorted(names)]
        self.addresses += _LOADED_BY_STYLE.findall(values.get("style", ""))


def remote_loads(site: Path) -> Iterator[str]:
    """Yield a line for everything that opening a page would load from another machine.

    :param site: folder of the built site
    """
    for file in sorted([*site.rglob("*.html"), *site.rglob("*.css")]):
        text = file.read_text()
        addresses = _loads_of(text) if file.suffix == ".html" else _LOADED_BY_STYLE.findall(text)
        for address in filter(_ELSEWHERE.match, addresses):
            yield f"{file.relative_to(site)}: {address}"


def _loads_of(page: str) -> list[str]:
    loads = _Loads()
    loads.feed(page)
    addresses = [*loads.addresses, *_LOADED_BY_STYLE.findall(page)]
    if _DIAGRAM in page and not any(address.endswith(_MERMAID) for address in addresses):
        # The theme's script then loads Mermaid by itself.
        addresses.append("https://unpkg.com/mermaid")
    return addresses


def main(site: Path) -> int:
    """Print what the site would load from elsewhere; return the exit code."""
    found = list(dict.fromkeys(remote_loads(site)))
    for line in found:
        print(f"loaded from another machine: {line}", file=sys.stderr)  # noqa: T201  for a person who types make docs
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
