"""Tables of the time of a run: by step, and on the Batch side."""

from __future__ import annotations

from typing import Any

from bench_results import results_of

_STEPS = ("settle", "plan", "open", "submit", "score", "confirm", "summarise", "alert", "close", "verdict")
_OWN = ("plan", "submit", "confirm", "summarise")
_MOMENTS = {
    "nodes_ordered": "autoscale is evaluated, the pool begins to grow",
    "first_node": "the first node has booted",
    "first_start": "the first Batch task starts",
    "last_start": "the last one starts",
    "last_end": "the last one ends",
}


def run_table() -> str:
    """Return a row for each step of a run: its time since the end of the previous step, for each fleet."""
    fleets = results_of("scale")
    ends = [_ends_of(fleet["steps"]) for fleet in fleets]
    took = [
        {name: end - before for (name, end), before in zip(each.items(), (0, *each.values()), strict=False)}
        for each in ends
    ]
    rows = [_row(f"`{name}`", [each[name] for each in took]) for name in _STEPS]
    own = [sum(each[name] for name in _OWN) for each in took]
    all_of_it = [max(each.values()) for each in ends]
    rows += [_row("plan, submission, confirmation and summary", own), _row("**all**", all_of_it)]
    heading = " | ".join(_fleet(fleet) for fleet in fleets)
    return "\n".join((f"| seconds | {heading} |", "|---|" + "---|" * len(fleets), *rows))


def _row(what: str, seconds: list[float]) -> str:
    return f"| {what} | {' | '.join(f'{each:.1f}' for each in seconds)} |"


def _ends_of(steps: dict[str, list[float]]) -> dict[str, float]:
    return {name: steps[name][1] for name in _STEPS}


def _fleet(fleet: dict[str, Any]) -> str:
    grouped = f", {fleet['sensors_per_task']} to a Batch task" if fleet["sensors_per_task"] > 1 else ""
    packed = f", packs of {fleet['per_pack']}" if fleet["per_pack"] else ""
    return f"{fleet['sensors']:,} sensors{packed or grouped}"


def floor_table() -> str:
    """Return what instances cost that score a sensor, and as many that do nothing."""
    found = results_of("floor")
    instances = found["foreground"]["hourly_scoring"]["instances"]
    measured = (
        ("CPU of one more instance", "one_more", "cpu_seconds", 1e3, "ms"),
        ("wall clock of one more instance", "one_more", "seconds", 1e3, "ms"),
        (f"CPU of `airflow dags test`, {instances} instances", "foreground", "cpu_seconds", 1, "s"),
        (f"wall clock of `airflow dags test`, {instances} instances", "foreground", "seconds", 1, "s"),
    )
    rows = []
    for what, where, key, factor, unit in measured:
        ours, idle = (found[where][dag_id][key] * factor for dag_id in ("hourly_scoring", "floor"))
        rows.append(f"| {what} | {ours:,.0f} {unit} | {idle:,.0f} {unit} | {ours / idle:.2f} |")
    heading = "| | `hourly_scoring` | instances that do nothing | ratio |"
    return "\n".join((heading, "|---|---|---|---|", *rows))


def calls_table() -> str:
    """Return a row for each call of the Execution API that one more sensor adds."""
    calls = results_of("hop")["forms"]["forkserver"]["api_calls"]
    rows = [f"| `{call}` | {count:.2f} | {each:.1f} |" for call, (count, each) in calls.items()]
    total = sum(count for count, _ in calls.values())
    return "\n".join(
        ("| call | a sensor | ms each |", "|---|---|---|", *rows, f"| **all** | {total:.2f} | |")
    )


def parsing_table() -> str:
    """Return a row for each DAG file with the time in which a task instance parses it."""
    found = results_of("parsing")
    return "\n".join(
        (
            "| file | CPU |",
            "|---|---|",
            *(f"| `dags/{file}` | {spent:.0f} ms |" for file, spent in found.items()),
        )
    )


def waterfall_table() -> str:
    """Return a row for each event of an hour on the Batch side, for each fleet."""
    fleets = results_of("waterfall")
    rows = [
        f"| {what} | {' | '.join(_minutes(fleet[moment]) for fleet in fleets.values())} |"
        for moment, what in _MOMENTS.items()
    ]
    return "\n".join((f"| m:s | {' | '.join(fleets)} |", "|---|" + "---|" * len(fleets), *rows))


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
