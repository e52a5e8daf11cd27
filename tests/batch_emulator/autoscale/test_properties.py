"""Properties that hold for every formula, tried on random formulas."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from azure_batch_emulator.autoscale import (
    Formula,
    FormulaError,
    FormulaSyntaxError,
    SampleSeries,
    Surroundings,
)
from azure_batch_emulator.autoscale.functions import FUNCTIONS
from azure_batch_emulator.autoscale.methods import METHODS
from azure_batch_emulator.autoscale.names import READABLE_BARE, SAMPLED, WRITABLE
from azure_batch_emulator.autoscale.parser import parse
from azure_batch_emulator.autoscale.printer import written
from azure_batch_emulator.autoscale.source import Source
from azure_batch_emulator.autoscale.times import MEMBERS, TIME_CONSTANTS
from azure_batch_emulator.autoscale.tree import (
    LEVELS,
    PREFIXES,
    Assignment,
    Call,
    Case,
    Chain,
    Choice,
    Expression,
    Link,
    Member,
    Name,
    Number,
    Prefix,
    SampleCall,
    Script,
    Stop,
    Text,
)
from azure_batch_emulator.autoscale.values import Deallocation

if TYPE_CHECKING:
    from collections.abc import Mapping

Trees = st.SearchStrategy[Expression]

NOW = datetime(2026, 3, 4, 10, tzinfo=UTC)
NUMBERS = st.one_of(st.integers(0, 100).map(float), st.floats(0, allow_infinity=False, allow_nan=False)).map(
    lambda number: Number(abs(number))
)
DATES = st.sampled_from(
    ["", "2026", "2026-03-04T10:00:00Z", "Wed, 04 Mar 2026 10:00:00 GMT", "9999-12-31", "0001"]
)
TEXTS = st.one_of(DATES, st.text(st.characters(blacklist_characters='"\r\n', codec="utf-8"), max_size=8)).map(
    Text
)
ANY_NAMES = st.from_regex(r"\A\$?[A-Za-z][A-Za-z0-9_]{0,6}\Z")


def argument_lists(parts: Trees, least: int, most: int | None) -> st.SearchStrategy[tuple[Expression, ...]]:
    """Give lists of arguments of an allowed length."""
    return st.lists(parts, min_size=least, max_size=least + 3 if most is None else most).map(tuple)


def chains(parts: Trees) -> Trees:
    """Give chains of operators of one level each."""

    def of_level(operators: tuple[str, ...]) -> Trees:
        links = st.lists(st.builds(Link, st.sampled_from(operators), parts), min_size=1, max_size=3)
        return st.builds(Chain, parts, links.map(tuple))

    return st.sampled_from(LEVELS).flatmap(of_level)


def compound(parts: Trees) -> Trees:
    """Give what is made of parts, whatever the names in it."""
    cases = st.lists(st.builds(Case, parts, parts), min_size=1, max_size=2).map(tuple)
    return st.one_of(
        chains(parts),
        st.builds(Prefix, st.sampled_from(PREFIXES), parts),
        st.builds(Choice, cases, parts),
    )


def any_compound(parts: Trees) -> Trees:
    """Give what is made of parts, with names that need not exist."""
    return st.one_of(
        compound(parts),
        st.builds(Call, ANY_NAMES, argument_lists(parts, 0, 3)),
        st.builds(SampleCall, ANY_NAMES, ANY_NAMES, argument_lists(parts, 0, 3)),
        st.builds(Member, parts, ANY_NAMES),
    )


def real_compound(parts: Trees) -> Trees:
    """Give what is made of parts, with names and numbers of arguments that exist."""

    def call(name: str) -> Trees:
        function = FUNCTIONS[name]
        return st.builds(Call, st.just(name), argument_lists(parts, function.least, function.most))

    def sample_call(name: str) -> Trees:
        method = METHODS[name]
        arguments = argument_lists(parts, method.least, method.most)
        return st.builds(SampleCall, st.sampled_from(sorted(SAMPLED)), st.just(name), arguments)

    return st.one_of(
        compound(parts),
        st.sampled_from(sorted(FUNCTIONS)).flatmap(call),
        st.sampled_from(sorted(METHODS)).flatmap(sample_call),
        st.builds(Member, parts, st.sampled_from(sorted(MEMBERS))),
    )


def scripts(names: st.SearchStrategy[str], values: Trees) -> st.SearchStrategy[Script]:
    """Draw formulas of a few statements."""
    statement = st.one_of(st.builds(Assignment, names, values), st.builds(Stop))
    return st.lists(statement, min_size=1, max_size=4).map(lambda statements: Script(tuple(statements)))


ANY_SCRIPTS = scripts(
    ANY_NAMES, st.recursive(st.one_of(NUMBERS, TEXTS, ANY_NAMES.map(Name)), any_compound, max_leaves=12)
)
WORDS = [*WRITABLE, *READABLE_BARE, *TIME_CONSTANTS, *(option.value for option in Deallocation)]
VALUES = st.recursive(
    st.one_of(
        NUMBERS,
        TEXTS,
        st.sampled_from(sorted(WORDS)).map(Name),
        st.just(Call("time", ())),
        st.just(SampleCall("$PendingTasks", "GetSample", (Number(5.0),))),
    ),
    real_compound,
    max_leaves=10,
)
SAMPLES = Call("vec", (SampleCall("$PendingTasks", "GetSample", (Number(9.0),)), Number(1.5)))
LISTED = sorted(name for name, function in FUNCTIONS.items() if function.most is None and name != "vec")
WHOLE = ("ceil", "floor", "round")
SPANS = st.sampled_from(sorted(TIME_CONSTANTS)).map(Name)


def double_compound(parts: Trees) -> Trees:
    """Give what is made of doubles and is one again, unless it is too large or too small for that."""
    logarithms = st.builds(Call, st.sampled_from(("lg", "ln", "log")), parts.map(lambda part: (part,)))
    listed = [name for name in LISTED if name not in {"lg", "ln", "log"}]
    span = st.builds(lambda part, unit: Chain(unit, (Link("*", part),)), parts, SPANS)
    moment = span.map(lambda some: Chain(Call("time", ()), (Link("+", some),)))
    return st.one_of(
        compound(parts),
        logarithms,
        st.builds(
            Call, st.sampled_from(listed), st.lists(parts, max_size=3).map(lambda some: (SAMPLES, *some))
        ),
        st.builds(Call, st.sampled_from(WHOLE), parts.map(lambda part: (part,))),
        st.builds(Call, st.sampled_from(("percentile", "val")), parts.map(lambda part: (SAMPLES, part))),
        st.builds(SampleCall, st.just("$PendingTasks"), st.just("GetSamplePercent"), st.tuples(span, moment)),
        st.builds(Member, moment, st.sampled_from(sorted(MEMBERS))),
    )


DOUBLES = st.recursive(NUMBERS, double_compound, max_leaves=10)
TARGETS = st.sampled_from(["$TargetDedicatedNodes", "$TargetLowPriority", "a"])
REAL_SCRIPTS = scripts(st.sampled_from([*sorted(WRITABLE), "a", "$b"]), VALUES)


def a_series(values: list[float]) -> SampleSeries:
    """Make a series that ended a minute ago."""
    return SampleSeries(
        (NOW - timedelta(minutes=1) - timedelta(seconds=30 * back), value)
        for back, value in reversed(list(enumerate(values)))
    )


SERIES = st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=12).map(a_series)
AROUND = st.builds(
    Surroundings,
    now=st.one_of(st.just(NOW), st.datetimes(timezones=st.just(UTC))),
    samples=st.dictionaries(st.sampled_from(sorted(SAMPLED)), SERIES, max_size=4),
    numbers=st.dictionaries(st.sampled_from(sorted(READABLE_BARE)), st.floats(), max_size=4),
    target_dedicated=st.integers(0, 1000),
    target_low_priority=st.integers(0, 1000),
    deallocation_option=st.sampled_from([option.value for option in Deallocation]),
)


@given(ANY_SCRIPTS)
def test_printed_tree_is_read_back(script: Script) -> None:
    """Printing a tree and parsing the text gives the same tree."""
    assert parse(Source(written(script))) == script


@given(st.one_of(REAL_SCRIPTS, scripts(TARGETS, DOUBLES)), AROUND)
def test_evaluation_ends_in_targets_or_in_our_error(script: Script, around: Surroundings) -> None:
    """A formula of existing names gives sensible targets, or an error that points into it."""
    text = written(script)
    try:
        evaluation = Formula.parse(text).evaluate(around)
    except FormulaError as error:
        assert_points_into(text, error)
        return
    for target in (evaluation.target_dedicated, evaluation.target_low_priority):
        assert isinstance(target, int)
        assert 0 <= target < 2**31
    assert evaluation.deallocation_option in {option.value for option in Deallocation}
    assert_results_are_complete(script, evaluation.results)


PIECES = [
    *(
        "a",
        "$b",
        "=",
        ";",
        "1",
        "0.5",
        "(",
        ")",
        ",",
        ".",
        "?",
        ":",
        "+",
        "-",
        "*",
        "/",
        "<",
        "==",
        "!",
        "&&",
        "||",
    ),
    *(
        "max",
        "time",
        "stop",
        "hour",
        "$PendingTasks",
        "GetSample",
        '"',
        "'",
        "//",
        "/*",
        "\n",
        "\r",
        "\t",
        " ",
        "&",
        "€",
    ),
]


@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=40).map("".join)))
def test_any_text_is_a_formula_or_a_syntax_error(text: str) -> None:
    """Parsing fails in one way only, at a place within the text."""
    try:
        Formula.parse(text)
    except FormulaSyntaxError as error:
        assert_points_into(text, error)


def assert_points_into(text: str, error: FormulaError) -> None:
    """Check that line and column are in the text, or right behind it, and the caret under them."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert lines[error.line - 1] == error.source_line
    assert 1 <= error.column <= len(error.source_line) + 1
    assert str(error).endswith("^")


def assert_results_are_complete(script: Script, results: str) -> None:
    """Check that every variable assigned before the first stop is among the results."""
    reached: Mapping[str, None] = {}
    for statement in script.statements:
        if isinstance(statement, Stop):
            break
        reached = {**reached, statement.name: None}
    shown = [part.partition("=")[0] for part in results.split(";")]
    assert {name for name in reached if name not in WRITABLE} <= set(shown)
    assert shown[2] == "$NodeDeallocationOption"
