"""What people type: durations, workloads, announcements, variations."""

from __future__ import annotations

import statistics
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azure_batch_emulator.autoscale import Formula, Surroundings
from azure_batch_lab.errors import BadInput
from azure_batch_lab.search.grid import parse_variation
from azure_batch_lab.simulation.durations import Durations
from azure_batch_lab.simulation.prewarm import Prewarm
from azure_batch_lab.simulation.workload import Pattern, Workload
from azure_batch_lab.spans import parse_span, span_text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("5m", 300), ("1.5h", 5400), ("1h30m", 5400), ("-5m", -300), ("2d", 172800), ("0s", 0)],
)
def test_spans_are_read(text, seconds) -> None:
    """A number and a unit, or several of them."""
    assert parse_span(text) == timedelta(seconds=seconds)


@given(st.integers(-(10**7), 10**7))
def test_a_span_that_was_written_is_read_back(seconds: int) -> None:
    """Formatting and parsing give the same duration."""
    span = timedelta(seconds=seconds)
    assert parse_span(span_text(span)) == span


@pytest.mark.parametrize(
    ("text", "median"),
    [
        ("90s", 90),
        ("uniform(60s, 2m)", 90),
        ("exponential(90s)", 90 * 0.6931),
        ("lognormal(120s, 0.4)", 120),
        ("lognormal( 2m , 0 )", 120),
    ],
)
def test_durations_have_the_median_they_say(text, median) -> None:
    """Ten thousand draws have about that median."""
    random, durations = Random(1), Durations.parse(text)
    drawn = [durations.draw(random) for _ in range(10_000)]
    assert statistics.median(drawn) == pytest.approx(median, rel=0.05)
    assert min(drawn) > 0


READERS = (
    parse_span,
    Durations.parse,
    Prewarm.parse,
    parse_variation,
    lambda text: Workload.parse(text, seed=0),
)


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (parse_span, "5"),
        (parse_span, "m"),
        (parse_span, "9999999d"),
        (Durations.parse, "lognormal(120s)"),
        (Durations.parse, "lognormal(120s, -1)"),
        (Durations.parse, "lognormal(120s, wide)"),
        (Durations.parse, "gamma(1s)"),
        (Durations.parse, "uniform(2m, 1m)"),
        (Durations.parse, "-5m"),
        (Prewarm.parse, "8"),
        (Prewarm.parse, "8@-5m/-5m"),
        (parse_variation, "max"),
        (parse_variation, "max=1,a"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(read, text) -> None:
    """Nothing is guessed."""
    with pytest.raises(BadInput):
        read(text)


@given(st.sampled_from(READERS), st.text(max_size=30))
def test_readers_fail_in_one_way_only(read, text: str) -> None:
    """Any text is either read or refused."""
    with suppress(BadInput):
        read(text)


@pytest.mark.parametrize(
    "document",
    [
        "",
        "[]",
        '{"arrivals": 5}',
        '{"arrivals": [{"tasks": 1}]}',
        '{"arrivals": [{"tasks": -1, "duration": "60s"}]}',
        '{"arrivals": [], "every": "7m", "length": "1h"}',
        '{"arrivals": [{"tasks": 1e9, "duration": "60s"}]}',
    ],
)
def test_a_workload_that_makes_no_sense_is_refused(document) -> None:
    """A file with a mistake is not run at all."""
    with pytest.raises(BadInput):
        Workload.parse(document, seed=0)


def test_a_workload_is_drawn_once() -> None:
    """A seed always gives the same tasks, and every hour has its own."""
    pattern = Pattern(5, timedelta(minutes=2), Durations.parse("lognormal(60s, 0.4)"))
    hour = timedelta(hours=1)
    first, again, other = (
        Workload.drawn([pattern], every=hour, length=2 * hour, seed=seed) for seed in (0, 0, 1)
    )
    assert first == again != other
    assert first.arrivals[0].seconds != first.arrivals[1].seconds
    assert (first.tasks, first.rounds) == (10, 2)


def test_an_announcement_is_read_and_written() -> None:
    """Nodes, minute of the hour, and how long they are held."""
    assert Prewarm.parse("8@-5m/20m") == Prewarm(8, timedelta(minutes=-5), timedelta(minutes=20))
    assert str(Prewarm.parse("8@-5m")) == "8@-5m/15m"


@pytest.mark.parametrize("ending", ["", ";", "; // the end", " // the end;", ";\n\n"])
def test_an_announcement_is_appended_however_a_formula_ends(ending) -> None:
    """The floor holds until its time; after that, the formula decides alone."""
    until = datetime(2026, 3, 4, 10, tzinfo=UTC)
    text = Prewarm(8, timedelta()).formula(f"$TargetDedicatedNodes = 3{ending}", until=until)
    moments = (until - timedelta(seconds=1), until)
    targets = [Formula.parse(text).evaluate(Surroundings(now=now)).target_dedicated for now in moments]
    assert targets == [8, 3]
