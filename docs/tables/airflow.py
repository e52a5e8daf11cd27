"""Tables of operators, fleets and instances in Airflow."""

from __future__ import annotations

from typing import Any

from bench_results import results_of, table_of

_FORMS = {
    "ours": "`AzureBatchTaskOperator`",
    "stock_a_job_each": "stock, a job each",
    "stock_one_job": "stock, one job",
}


_UNLUCKY = {"": "", "fail": "one fails: ", "fail-once": "one fails once: "}


def compare_table() -> str:
    """Return a row for each cell of the comparison with the stock operator."""
    cells = results_of("compare")
    heading = "| | items | wall seconds | Batch calls | calls per item | worker seconds | outcome |"
    rows = [
        f"| {_FORMS[cell['form']]} | {cell['items']} | {cell['seconds']:.0f} | {cell['batch_calls']:,} "
        f"| {cell['batch_calls'] / cell['items']:.1f} | {cell['worker_seconds']:,.0f} | {_outcome(cell)} |"
        for cell in sorted(
            cells, key=lambda cell: (cell["how"], cell["items"], list(_FORMS).index(cell["form"]))
        )
    ]
    return "\n".join((heading, "|---|---|---|---|---|---|---|", *rows))


def _outcome(cell: dict[str, Any]) -> str:
    state = cell["state"] if cell["is_finished"] else "not finished in 20 minutes"
    parts = [f"{cell[kind]} {kind}" for kind in ("failed", "retried") if cell[kind] and cell["is_finished"]]
    return _UNLUCKY[cell["how"]] + ", ".join((state, *parts))


def scale_table() -> str:
    """Return a column for each fleet of ``make scale``."""
    fleets = results_of("scale")
    memory = ("api-server", "scheduler", "dag-processor", "triggerer")
    rows = {
        "sensors per Batch task": [f"{fleet['sensors_per_task']}" for fleet in fleets],
        "sensors per pack": [f"{fleet['per_pack'] or 1}" for fleet in fleets],
        "task instances": [f"{fleet['instances']:,}" for fleet in fleets],
        "outcome": [fleet["outcome"] for fleet in fleets],
        "instances retried (one on purpose)": [f"{fleet['retried']}" for fleet in fleets],
        "wall seconds": [f"{fleet['seconds']:,.0f}" for fleet in fleets],
        "CPU seconds of Airflow": [f"{fleet['cpu_seconds']:,.0f}" for fleet in fleets],
        "Batch calls": [f"{fleet['batch_calls']:,}" for fleet in fleets],
        "worker seconds": [f"{fleet['worker_seconds']:,.0f}" for fleet in fleets],
        "growth of Airflow's database": [f"{fleet['database_mb']:.1f} MB" for fleet in fleets],
        **{f"memory, {name}": [f"{fleet['memory_mb'][name]:,.0f} MB" for fleet in fleets] for name in memory},
    }
    return table_of([f"{fleet['sensors']:,} sensors" for fleet in fleets], rows)


def hop_table() -> str:
    """Return a row for each process with the cost of one more sensor, for both ways to fork."""
    fork, server = results_of("hop")["forms"].values()
    cpu = {name: (fork["cpu_ms"][name], spent) for name, spent in server["cpu_ms"].items()}
    cpu["all"] = (sum(fork["cpu_ms"].values()), sum(server["cpu_ms"].values()))
    forked, served = (sum(form["batch_calls"].values()) for form in (fork, server))
    rows = [
        *(_compared(f"CPU, {name}", *spent, "ms") for name, spent in cpu.items()),
        _compared("wall clock of the run", fork["seconds"] * 1e3, server["seconds"] * 1e3, "ms"),
        _compared("Batch calls", forked, served, "", digits=2),
        _compared(
            "memory of the scheduler and all below it", fork["scheduler_mib"], server["scheduler_mib"], "MiB"
        ),
    ]
    heading = "| one more sensor | forked from the scheduler | forked from a server | ratio |"
    return "\n".join((heading, "|---|---|---|---|", *rows))


def executors_table() -> str:
    """Return a column for each executor with the cost of one more sensor."""
    forms = results_of("executors")["forms"]
    columns = list(forms.values())
    names = ("api-server", "scheduler", "worker", "task instances", "dag-processor", "triggerer")
    rows = [
        *((f"CPU, {name}", [form["cpu_ms"].get(name) for form in columns], "ms") for name in names),
        ("CPU, all", [sum(form["cpu_ms"].values()) for form in columns], "ms"),
        ("wall clock of the run", [form["seconds"] * 1e3 for form in columns], "ms"),
        ("memory of scheduler and worker", [form["scheduler_mib"] for form in columns], "MiB"),
    ]
    lines = [
        f"| {what} | {' | '.join(_amount(cell, unit) for cell in cells)} |" for what, cells, unit in rows
    ]
    return "\n".join((f"| one more sensor | {' | '.join(forms)} |", "|---" * (len(forms) + 1) + "|", *lines))


def _amount(value: float | None, unit: str) -> str:
    return "" if value is None else f"{value:,.0f} {unit}"


def _compared(what: str, theirs: float, ours: float, unit: str, digits: int = 0) -> str:
    values = " | ".join(f"{value:,.{digits}f} {unit}".strip() for value in (theirs, ours))
    return f"| {what} | {values} | {ours / theirs:.2f} |"


def steps_table() -> str:
    """Return a row for each step of a task instance with its own time, longest first."""
    steps = results_of("hop")["steps_ms"]
    longest_first = sorted(steps.items(), key=lambda step: -step[1])
    rows = [f"| `{name}` | {taken:,.0f} ms |" for name, taken in longest_first if taken >= 1]
    return "\n".join(("| step of an instance of `score` | its own time |", "|---|---|", *rows))


def backfill_table() -> str:
    """Return the delays of live hours, in an idle Airflow and during a backfill."""
    body = results_of("backfill")
    rows = {
        "live hours": "runs",
        "scheduling delay: due time to first task start (p95, s)": "start_p95_seconds",
        "delay of a task instance: due time to start (p95, s)": "wait_p95_seconds",
        "due time to verdict (median, s)": "run_median_seconds",
    }
    lines = [f"| {name} | {body['idle'][key]} | {body['busy'][key]} |" for name, key in rows.items()]
    made = (
        f"{body['hours']} hours of {body['sensors']} sensors took {body['backfill_seconds']:,.0f} s, and the "
        f"{len(body['reported'])} hours that were broken on purpose {body['repair_seconds']:,.0f} s more."
    )
    return "\n".join(("| | idle | during a backfill |", "|---|---|---|", *lines, "", made))
