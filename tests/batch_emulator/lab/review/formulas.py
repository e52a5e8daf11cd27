"""Formulas nobody wrote, and samples for them to read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from azure_batch_emulator.autoscale import SampleSeries, Surroundings

NOW = datetime(2026, 3, 4, 10, tzinfo=UTC)
VARIABLES = ("$PendingTasks", "$ActiveTasks", "$CPUPercent", "$CurrentDedicatedNodes")
UNITS = ("TimeInterval_Second", "TimeInterval_Minute", "TimeInterval_Hour")
LEAVES = st.one_of(
    st.integers(0, 500).map(str),
    st.sampled_from(
        ["0.5", "2.25", "60", "100", "a", "b", "$CurrentDedicatedNodes", "$TargetDedicatedNodes"]
    ),
    st.sampled_from(["$TaskSlotsPerNode", "$PendingTasks", "time().minute", "time().weekday", "rand()"]),
)
WINDOWS = st.builds("{} * {}".format, st.integers(1, 600), st.sampled_from(UNITS))
VECTORS = st.one_of(
    st.builds("{}.GetSample({})".format, st.sampled_from(VARIABLES), st.integers(0, 20)),
    st.builds("{}.GetSample({})".format, st.sampled_from(VARIABLES), WINDOWS),
    st.builds("{}.GetSample({}, {})".format, st.sampled_from(VARIABLES), WINDOWS, st.integers(0, 100)),
    st.builds(
        "{}.GetSample({}, {}, {})".format,
        st.sampled_from(VARIABLES),
        WINDOWS,
        WINDOWS,
        st.sampled_from([0, 10, 100]),
    ),
)


def compound(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Give what is made of doubles and is one again."""
    signs = st.sampled_from(["+", "-", "*", "/", "<", "<=", "==", "!=", ">", ">=", "&&", "||"])
    lists = st.lists(st.one_of(parts, VECTORS), min_size=1, max_size=3).map(", ".join)
    vectors = st.one_of(
        VECTORS,
        st.builds("vec({})".format, lists),
        st.builds("{} {} ({})".format, VECTORS, st.sampled_from("+-*/"), parts),
    )
    return st.one_of(
        st.builds("({} {} {})".format, parts, signs, parts),
        st.builds("({} ? {} : {})".format, parts, parts, parts),
        st.builds("(a {} {} ? a : {})".format, st.sampled_from(["<", "<=", "==", ">", ">="]), parts, parts),
        st.builds("(!({} > b) || b < {} ? b : {})".format, parts, parts, parts),
        st.builds("-{}".format, parts),
        st.builds("!{}".format, parts),
        st.builds(
            "{}({})".format,
            st.sampled_from(["max", "min", "sum", "avg", "std", "range", "norm", "len"]),
            lists,
        ),
        st.builds("{}({})".format, st.sampled_from(["lg", "ln", "log", "ceil", "floor", "round"]), parts),
        st.builds("{}({}, {})".format, st.sampled_from(["percentile", "val"]), vectors, parts),
        st.builds("max({})".format, vectors),
        st.builds("{}.GetSamplePercent({})".format, st.sampled_from(VARIABLES), WINDOWS),
        st.builds("{}.GetSamplePercent({}, {})".format, st.sampled_from(VARIABLES), WINDOWS, WINDOWS),
        st.builds("{}.Count()".format, st.sampled_from(VARIABLES)),
    )


DOUBLES = st.recursive(LEAVES, compound, max_leaves=8)
NAMES = st.sampled_from(["a", "b", "$TargetDedicatedNodes", "$TargetLowPriority"])
STATEMENTS = st.lists(st.builds("{} = {}".format, NAMES, DOUBLES), min_size=1, max_size=4)
FORMULAS = STATEMENTS.map(lambda lines: "a = 3; b = $CurrentDedicatedNodes + 1; " + "; ".join(lines) + ";")


@st.composite
def surroundings(draw: st.DrawFn, *, least_lag: int = 0) -> Surroundings:
    """Give samples each 30 s as the service takes them, seen at once or late, the first of them missing.

    :param least_lag: seconds
    """
    samples = {}
    lags = [lag for lag in (0, 1, 30, 59, 60, 61, 150) if lag >= least_lag]
    lag = timedelta(seconds=draw(st.sampled_from(lags)))
    for name in draw(st.lists(st.sampled_from(VARIABLES), unique=True)):
        values = draw(st.lists(st.one_of(st.integers(0, 9), st.integers(0, 10**6)), max_size=30))
        moments = (NOW - timedelta(seconds=30 * back) for back in range(len(values) - 1, -1, -1))
        samples[name] = SampleSeries(zip(moments, map(float, values), strict=True), lag=lag)
    slots = {"$TaskSlotsPerNode": float(draw(st.integers(1, 256)))}
    nodes = {"$CurrentDedicatedNodes": float(draw(st.integers(0, 100)))}
    return Surroundings(
        now=NOW + timedelta(minutes=draw(st.integers(0, 3)), seconds=draw(st.integers(0, 59))),
        samples=samples,
        numbers={**slots, **nodes},
        target_dedicated=draw(st.integers(0, 50)),
        target_low_priority=draw(st.integers(0, 50)),
    )
