"""Small HTML pages without scripts: text in, escaped markup out. Pure."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from html import escape
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable

_STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#5b6470;--line:#d8dee4;--back:#f6f8fa;
--card:#fff;--link:#0b63c5}
@media(prefers-color-scheme:dark){
:root{--ink:#e6edf3;--soft:#9aa4af;--line:#30363d;--back:#0d1117;--card:#161b22;--link:#6cb2ff}}
body{margin:0;background:var(--back);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:56rem;margin:2.5rem auto;padding:1.5rem 2rem;background:var(--card);
border:1px solid var(--line);border-radius:.75rem}
h1{margin:.25rem 0 1rem;font-size:1.5rem;overflow-wrap:anywhere}
a{color:var(--link)}
nav,.soft{color:var(--soft);overflow-wrap:anywhere}
.badge{display:inline-block;margin-left:.75rem;padding:.1rem .7rem;border-radius:1rem;font-size:.9rem;
font-weight:600;vertical-align:middle;color:#fff;background:#57606a}
.good{background:#1a7f37}.bad{background:#c62828}.live{background:#0b63c5}
table{width:100%;border-collapse:collapse;margin:1rem 0}
th,td{padding:.4rem 0;border-top:1px solid var(--line);text-align:left;vertical-align:top}
th{width:9rem;padding-right:1rem;font-weight:400;color:var(--soft)}
td{overflow-wrap:anywhere;white-space:pre-wrap}
.grid th{width:auto}.grid td{padding-right:1rem}
ul{display:flex;flex-wrap:wrap;gap:.5rem;margin:1rem 0;padding:0;list-style:none}
li a{display:block;padding:.3rem .8rem;border:1px solid var(--line);border-radius:.5rem;text-decoration:none}
"""
STYLE_DIGEST = f"'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'"
"""Names the one style sheet in a Content-Security-Policy, so that no other style can slip in."""


class Tone(StrEnum):
    """How a badge looks."""

    GOOD = "good"
    BAD = "bad"
    LIVE = "live"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Markup:
    """HTML that may go into a page as it is. Made here alone, so that nothing unescaped becomes one."""

    html: str

    @classmethod
    def page(cls, title: str, *parts: Markup, badge: Markup | None = None) -> Self:
        """Put a page together."""
        mark = badge.html if badge else ""
        body = "\n".join(part.html for part in parts)
        return cls(
            '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
            f"<title>{escape(title)}</title>\n<style>{_STYLE}</style></head>\n<body><main>\n"
            f"<h1>{escape(title)}{mark}</h1>\n{body}\n"
            "</main></body>\n</html>\n"
        )

    @classmethod
    def badge(cls, text: str, tone: Tone) -> Self:
        """Write one word beside the title."""
        return cls(f'<span class="badge {tone}">{escape(text)}</span>')

    @classmethod
    def paragraph(cls, text: str) -> Self:
        """Write a sentence."""
        return cls(f"<p>{escape(text)}</p>")

    @classmethod
    def note(cls, text: str) -> Self:
        """Write a sentence that is not what a reader came for."""
        return cls(f'<p class="soft">{escape(text)}</p>')

    @classmethod
    def table(cls, rows: Iterable[tuple[str, str]]) -> Self:
        """Write names and values, a row each; a row without a value is left out."""
        cells = (
            f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>\n" for name, value in rows if value
        )
        return cls(f"<table>\n{''.join(cells)}</table>")

    @classmethod
    def grid(cls, headings: Iterable[str], rows: Iterable[Iterable[str]]) -> Self:
        """Write a table with a heading for each column."""
        head = "".join(f"<th>{escape(text)}</th>" for text in headings)
        body = "".join(f"<tr>{''.join(f'<td>{escape(text)}</td>' for text in row)}</tr>\n" for row in rows)
        return cls(f'<table class="grid">\n<tr>{head}</tr>\n{body}</table>')

    @classmethod
    def links(cls, places: Iterable[tuple[str, str]]) -> Self:
        """Write links.

        :param places: text and address; addresses are ours to make, never a service's
        """
        items = (f'<li><a href="{escape(address)}">{escape(text)}</a></li>\n' for text, address in places)
        return cls(f"<ul>\n{''.join(items)}</ul>")
