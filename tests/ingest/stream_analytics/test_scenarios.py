"""Jobs whose results are worked out from the documentation, in ``docs/stream_scenarios.toml``."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.stream_jobs import a_job, a_run, an_event, ticks

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = Path(__file__).parents[3] / "docs" / "stream_scenarios.toml"
SCENARIOS = tomllib.loads(FILE.read_text(encoding="utf-8"))["scenario"]


def at(value: object) -> object:
    """Read the times of day in expected rows."""
    is_time = isinstance(value, str) and len(value) == len("12:00:00") and value[2::3] == "::"
    return ticks(f"2018-08-29T{value}Z") if is_time else value


@pytest.mark.parametrize("scenario", [pytest.param(one, id=one["name"]) for one in SCENARIOS])
@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one by one"])
def test_a_job_gives_what_the_documentation_says(scenario: Mapping[str, Any], together, tmp_path) -> None:
    """The rows and counts of a scenario are those worked out by hand, however the events are batched."""
    job = a_job(
        late=scenario["late"],
        disorder=scenario.get("disorder", 0),
        policy=scenario.get("policy", "Adjust"),
        references=list(scenario.get("references", {})),
    )
    run = a_run(
        scenario.get("tables", "") + scenario["query"],
        job,
        tmp_path,
        partitions=[str(number) for number in range(scenario.get("partitions", 1))],
        references=scenario.get("references"),
    )
    events = [
        an_event(body, enqueued=f"2018-08-29T{arrival}Z", sequence=number, partition=(*partition, "0")[0])
        for number, (arrival, body, *partition) in enumerate(scenario["events"])
    ]
    for batch in [events] if together else [[event] for event in events]:
        run.send(batch)
    expected = [{name: at(value) for name, value in row.items()} for row in scenario["expected"]]
    got = [{name: value for name, value in row.items() if name != "__ts"} for row in run.rows()]
    assert sorted(got, key=repr) == sorted(expected, key=repr)
    counts = run.runner.counts
    assert {name: count for name, count in counts.placed.items() if count} == scenario.get(
        "counts", {"on time": counts.kept}
    )
    assert run.runner.waiting == {"output": scenario["waiting"]}
    assert counts.filtered.get("output", 0) == scenario.get("filtered", 0)
    assert counts.undecodable == scenario.get("undecodable", 0)
    assert counts.without_time == scenario.get("without_time", 0)
