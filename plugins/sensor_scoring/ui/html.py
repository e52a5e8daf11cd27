"""Small pages without scripts: text in, escaped HTML out."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}"
    "table{border-collapse:collapse}td{border-top:1px solid #8884;padding:.3rem 1rem .3rem 0;"
    "vertical-align:top}td:first-child{white-space:nowrap;color:#888}"
    "code{overflow-wrap:anywhere}:root{color-scheme:light dark}"
)


@dataclass(frozen=True, slots=True)
class Link:
    """A place to go on to."""

    text: str
    address: str

    def html(self) -> str:
        """Write it."""
        return f'<a href="{escape(self.address)}">{escape(self.text)}</a>'


def page(title: str, *parts: str) -> str:
    """Put a page together from parts that are HTML already."""
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style><h1>{escape(title)}</h1>{''.join(parts)}</html>"
    )


def table(rows: Iterable[tuple[str, str]]) -> str:
    """Write names and values, a row each; empty values are left out."""
    cells = (
        f"<tr><td>{escape(name)}</td><td><code>{escape(value)}</code></td></tr>"
        for name, value in rows
        if value
    )
    return f"<table>{''.join(cells)}</table>"


def links(found: Iterable[Link]) -> str:
    """Write links, a line each."""
    return "<ul>" + "".join(f"<li>{link.html()}</li>" for link in found) + "</ul>"


def paragraph(text: str) -> str:
    """Write a sentence."""
    return f"<p>{escape(text)}</p>"
