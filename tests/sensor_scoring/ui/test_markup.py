"""Nothing that a service or a person wrote becomes HTML."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256

import pytest

from sensor_scoring.ui.markup import STYLE_DIGEST, Markup, Tone

HOSTILE = "</title><script>alert('1')</script>\"&"


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(Markup.page(HOSTILE), id="title"),
        pytest.param(Markup.paragraph(HOSTILE), id="paragraph"),
        pytest.param(Markup.note(HOSTILE), id="note"),
        pytest.param(Markup.table([(HOSTILE, HOSTILE)]), id="table"),
        pytest.param(Markup.links([(HOSTILE, HOSTILE)]), id="links"),
        pytest.param(Markup.badge(HOSTILE, Tone.BAD), id="badge"),
    ],
)
def test_all_text_is_escaped(made) -> None:
    """A quote would end an attribute, a bracket start an element."""
    assert "<script" not in made.html
    assert "&lt;script&gt;" in made.html
    assert "1')\"" not in made.html


def test_a_row_without_a_value_is_left_out() -> None:
    """A page shows only what is known."""
    assert Markup.table([("Ended", ""), ("Node", "n1")]).html.count("<tr>") == 1


def test_the_policy_names_the_style_sheet_by_its_content() -> None:
    """Browsers apply only our style sheet, whatever else gets into a page."""
    style = re.search(r"<style>(.*?)</style>", Markup.page("t").html, re.DOTALL)
    assert style is not None
    digest = b64encode(sha256(style[1].encode()).digest()).decode()
    assert f"'sha256-{digest}'" == STYLE_DIGEST
