"""Expressions of Bicep, where the grammar groups them otherwise than Bicep does, or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from infra.check.errors import TemplateFault
from infra.check.expressions import Expressions
from infra.check.functions import functions
from infra.check.kinds import STRING, Unknown
from infra.check.syntax import named, parse

KNOWN = {
    "yes": True,
    "no": False,
    "one": {"name": "one", "items": [1, 2]},
    "other": {"name": "other", "inner": {"name": "deep"}},
    "later": Unknown("hub.id", STRING),
}


def value_of(text: str) -> Any:
    """Work out an expression."""
    (variable,) = named(parse(f"var value = {text}\n", "test.bicep"))
    expressions = Expressions("test.bicep", KNOWN.__getitem__, functions(Path(), {}), set())
    return expressions.value(named(variable)[1])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no ? one : other.name", "other"),
        ("no ? one : other.inner.name", "deep"),
        ("yes ? one.name : other.name", "one"),
        ("no ? one : no ? one : other['name']", "other"),
        ("(one.name == other.name) || yes", True),
        ("!(one.name == other.name) && (one.items[1] == 2)", True),
        ("!yes || (one.name == other.name)", False),
        ("map([one, other], each => each.name)", ["one", "other"]),
        ("[for (each, place) in one.items: { value: each + place }]", [{"value": 1}, {"value": 3}]),
        ("union({ a: { b: 1 } }, { a: { c: 2 } })", {"a": {"b": 1, "c": 2}}),
        ("union(['a', 'b', 'a'], ['b', 'c'])", ["a", "b", "c"]),
        ("'it\\'s ${one.name}, ${yes}\\n'", "it's one, true\n"),
        ("'${later}/x'", Unknown("<hub.id>/x", STRING)),
        ("replace(later, 'a', 'b')", Unknown("replace(<hub.id>)", STRING)),
        ("null ?? one.name", "one"),
    ],
)
def test_an_expression_has_the_value_that_bicep_gives_it(text, value) -> None:
    """A part that follows a condition is of its last branch, as in Bicep."""
    assert value_of(text) == value


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[\n  empty('')\n  empty('')\n]", "in an array is not understood here"),
        ("[\n  one.items[0]\n]", "in an array is not understood here"),
        ("one.name == 'one' && other.name == 'one'", "is not understood here without parentheses"),
        ("{ a: 1, a: 2 }", "a is given twice"),
        ("later ? 1 : 2", "later is no condition"),
        ("one.nothing", "there is no nothing"),
        ("one.name.first", "there is no first"),
        ("later == 'a'", "later is not known before resources are there"),
        ("!later", "is not known before resources are there"),
        ("one.name =~ 'ONE'", "the operator =~ is not understood here"),
        ("format('{0}', 1)", "the function format is not understood here"),
    ],
)
def test_what_is_not_understood_is_refused(text, told) -> None:
    """It is never passed as right."""
    with pytest.raises(TemplateFault, match=told):
        value_of(text)
