"""The filter language by itself: what matches, and where errors point."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azure_batch_emulator.errors import QueryError
from azure_batch_emulator.wire.odata.filters import Filter, Property
from azure_batch_emulator.wire.odata.tree import AllOf, AnyOf, Comparison, parse


@dataclass
class Thing:
    """Something to filter."""

    id: str = "Alpha-1"
    state: str = "completed"
    code: int | None = None
    born: datetime = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    on: bool = True


PROPERTIES: dict[str, Property[Thing]] = {
    "id": Property.identifier(lambda thing: thing.id),
    "state": Property.word(lambda thing: thing.state),
    "executionInfo/exitCode": Property.number(lambda thing: thing.code),
    "born": Property.moment(lambda thing: thing.born),
    "on": Property.switch(lambda thing: thing.on),
}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("state eq 'completed'", True),
        ("state eq 'COMPLETED'", True),
        ("state ne 'completed'", False),
        ("startswith(id, 'alpha')", True),
        ("startswith(id,'beta')", False),
        ("id ge 'ALPHA-1' and id lt 'alpha-2'", True),
        ("executionInfo/exitCode eq 1", False),
        ("executionInfo/exitCode ne 1", True),
        ("executionInfo/exitCode lt 5", False),
        ("born ge DateTime'2026-01-02T03:04:05Z'", True),
        ("born gt datetime'2026-01-02T03:04:05.0000000Z'", False),
        ("born lt DateTime'Fri, 02 Jan 2026 03:04:06 GMT'", True),
        ("on eq true and not on eq false", True),
        ("state eq 'x' or state eq 'completed' and on eq false", False),
        ("(state eq 'x' or state eq 'completed') and on eq true", True),
        ("  not ( state eq 'x' )  ", True),
        ("id eq 'it''s'", False),
    ],
)
def test_filter_holds(text: str, *, holds: bool) -> None:
    """Values compare case-insensitively, "and" binds tighter than "or", and a missing value only differs."""
    assert Filter(text, PROPERTIES).matches(Thing()) is holds


@pytest.mark.parametrize(
    ("text", "column", "reason"),
    [
        ("state", 5, "operator"),
        ("state eq", 8, "value"),
        ("state like 'x'", 6, "operator"),
        ("State eq 'x'", 0, "not a property"),
        ("state gt 'x'", 0, "cannot be compared"),
        ("on eq 'true'", 0, "true or false"),
        ("id eq 5", 0, "quoted text"),
        ("state eq 'x", 9, "not closed"),
        ("state eq 'x' state", 13, "not expected here"),
        ("(state eq 'x'", 13, "')' is needed"),
        ("state eq #", 9, "not expected"),
        ("born eq DateTime'yesterday'", 8, "not a date"),
        ("startswith(id, 5)", 15, "quoted text"),
        ("startswith(state, 'x')", 11, "cannot be compared"),
        ("and", 3, "operator"),
        ("(" * 50 + "on eq true", 40, "too deeply"),
    ],
)
def test_errors_point_at_the_column(text: str, column: int, reason: str) -> None:
    """A wrong filter is refused with a caret under the place."""
    with pytest.raises(QueryError) as caught:
        Filter(text, PROPERTIES)
    assert (caught.value.column, reason in caught.value.reason) == (column, True)
    assert str(caught.value).splitlines()[-1] == " " * column + "^"


def test_tree_shows_precedence() -> None:
    """``a or b and c`` is ``a or (b and c)``."""
    assert parse("a eq 1 or b eq 1 and c eq 1") == AnyOf(
        (
            Comparison("a", "eq", 1.0, 0),
            AllOf((Comparison("b", "eq", 1.0, 10), Comparison("c", "eq", 1.0, 21))),
        )
    )


@pytest.mark.parametrize(
    ("text", "required"),
    [
        ("state eq 'active'", "active"),
        ("on eq true and state eq 'active'", "active"),
        ("state eq 'active' or on eq true", None),
        ("not state eq 'active'", None),
        ("state ne 'active'", None),
    ],
)
def test_only_what_every_match_needs_narrows_a_list(text: str, required: str | None) -> None:
    """An index may serve only a comparison that every match must satisfy."""
    assert Filter(text, PROPERTIES).required("state", "eq") == required


@given(st.text(alphabet="stae qx'()=andor5 /-", max_size=40))
def test_any_text_is_a_filter_or_an_error(text: str) -> None:
    """The parser turns any text into a filter or into an error with a place."""
    try:
        holds: Any = Filter(text, PROPERTIES).matches(Thing())
    except QueryError as problem:
        assert 0 <= problem.column <= len(text)  # noqa: PT017  either outcome is right
    else:
        assert holds in {True, False}
