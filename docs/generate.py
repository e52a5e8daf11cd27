"""Writes the parts of the documentation that mirror code: ``python docs/generate.py``.

A generated part is between ``<!-- START name -->`` and ``<!-- END name -->``; a test checks that it is
current.
"""

from __future__ import annotations

import ast
import itertools
import json
import re
import sys
import tomllib
from dataclasses import Field, dataclass, fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "plugins"), str(ROOT / "docs")]

from readme_tables import highlights_table, requirements_table  # noqa: E402  the path comes first
from run_tables import calls_table, parsing_table, run_table, waterfall_table  # noqa: E402  likewise
from scoring_chart import bars_of, svg  # noqa: E402  likewise

from sensor_scoring.settings import CONSTRAINT, Settings, variable_of  # noqa: E402  likewise

PAGES = {
    ROOT / "docs" / "settings.md": ("settings",),
    ROOT / "docs" / "behaviours.md": ("behaviours",),
    ROOT / "docs" / "readings.md": ("forms", "moments"),
    ROOT / "README.md": ("highlights", "requirements"),
    ROOT / "batch_emulator" / "README.md": ("load",),
    ROOT / "docs" / "backfill.md": ("backfill",),
    ROOT / "docs" / "benchmarks.md": (
        *("scoring", "stages", "fidelity", "soak", "compare", "scale"),
        *("run", "waterfall", "hop", "steps", "parsing", "calls"),
    ),
    ROOT / "docs" / "autoscale.md": ("policies", "day"),
    ROOT / "docker-compose.yaml": ("compose-settings",),
}
RESULTS = ROOT / "bench" / "results"


def compose_settings() -> str:
    """Return a line for each setting, with which compose passes it on only if it is set."""
    return "\n".join(f"  {variable_of(field.name)}:" for field in fields(Settings))


def settings_table() -> str:
    """Return a row for each setting: variable, default, allowed values, meaning."""
    meanings = _field_docstrings(ROOT / "plugins" / "sensor_scoring" / "settings.py")
    rows = [
        f"| `{variable_of(field.name)}` | {_shown(field.default)} | {_allowed(field)} "
        f"| {meanings[field.name]} |"
        for field in fields(Settings)
    ]
    return "\n".join(("| variable | default | allowed | meaning |", "|---|---|---|---|", *rows))


def _allowed(field: Field[Any]) -> str:
    nouns = {"int": "", "float": "", "bool": "true or false", "str": "a text"}
    return str(field.metadata.get(CONSTRAINT) or nouns[str(field.type)])


@dataclass(frozen=True, slots=True)
class MarkedTest:
    """A test with the behaviour that it shows."""

    file: Path
    name: str
    sentence: str
    behaviours: tuple[str, ...]


def marked_tests() -> Iterator[MarkedTest]:
    """Find the tests with a ``behaviour`` mark."""
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.FunctionDef) and (marks := tuple(_behaviours_of(node))):
                sentence = " ".join((ast.get_docstring(node) or "").split())
                yield MarkedTest(file.relative_to(ROOT), node.name, sentence, marks)


def _behaviours_of(test: ast.FunctionDef) -> Iterator[str]:
    for mark in test.decorator_list:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.behaviour":
            yield from (ast.literal_eval(word) for word in mark.args)


def behaviours_part() -> str:
    """Return a table of contents and, for each behaviour, its outcome, its alert and its tests."""
    rows, tests = tomllib.loads((ROOT / "docs" / "behaviours.toml").read_text()), list(marked_tests())
    contents = [f"- [{row['situation']}](#{name})" for name, row in rows.items()]
    entries = [
        _behaviour(name, row, [test for test in tests if name in test.behaviours])
        for name, row in rows.items()
    ]
    return "\n\n".join(("\n".join(contents), *entries))


def _behaviour(name: str, row: dict[str, str], tests: list[MarkedTest]) -> str:
    shown = "\n".join(f"- {_shown_test(test)}" for test in tests)
    return (
        f'<a id="{name}"></a>\n\n## {row["situation"]}\n\n{row["outcome"]}\n\n'
        f"Reported by: {row['told']}.\n\n{shown}"
    )


def _shown_test(test: MarkedTest) -> str:
    return f"[`{test.name}`](../{test.file}): {test.sentence}"


FORMS = ROOT / "docs" / "reading_forms.toml"


def forms_table() -> str:
    """Return a row for each form of readings, group by group: an example, and how it is read."""
    body = tomllib.loads(FORMS.read_text())
    rows = [
        f"| {form['group']} | {form['what']} | {_shown_file(form)} | {_shown_words(form, 'scoring')} "
        f"| {_shown_words(form, 'loading')} |"
        for form in body["form"]
    ]
    return "\n".join(("| | form | file | scoring | loading |", "|---|---|---|---|---|", *rows))


def _shown_file(form: dict[str, Any]) -> str:
    if "text" not in form:
        return f"`{form['name']}`" if "name" in form else ""
    lines = form["text"].encode("unicode_escape").decode().replace("|", "\\|")
    return f"`{lines}`"


def _shown_words(form: dict[str, Any], who: str) -> str:
    return f"“{form[who]}”" if who in form else ""


def moments_table() -> str:
    """Return a row for each form of timestamps."""
    body = tomllib.loads(FORMS.read_text())
    rows = [
        f"| {form['what']} | {', '.join(f'`{text}`' for text in form['texts'])} "
        f"| {'no' if form.get('is_refused') else 'yes'} |"
        for form in body["moment"]
    ]
    return "\n".join(("| form | texts | read |", "|---|---|---|", *rows))


def compare_table() -> str:
    """Return a row for each cell of the comparison with the stock operator."""
    cells = json.loads((RESULTS / "compare.json").read_text())
    heading = "| | items | wall seconds | Batch calls | calls per item | worker seconds | outcome |"
    rows = [
        f"| {_FORMS[cell['form']]} | {cell['items']} | {cell['seconds']:.0f} | {cell['batch_calls']:,} "
        f"| {cell['batch_calls'] / cell['items']:.1f} | {cell['worker_seconds']:,.0f} | {_outcome(cell)} |"
        for cell in sorted(
            cells, key=lambda cell: (cell["how"], cell["items"], list(_FORMS).index(cell["form"]))
        )
    ]
    return "\n".join((heading, "|---|---|---|---|---|---|---|", *rows))


_FORMS = {
    "ours": "`AzureBatchTaskOperator`",
    "stock_a_job_each": "stock, a job each",
    "stock_one_job": "stock, one job",
}
_UNLUCKY = {"": "", "fail": "one fails: ", "fail-once": "one fails once: "}


def _outcome(cell: dict[str, Any]) -> str:
    state = cell["state"] if cell["is_finished"] else "not finished in 20 minutes"
    parts = [f"{cell[kind]} {kind}" for kind in ("failed", "retried") if cell[kind] and cell["is_finished"]]
    return _UNLUCKY[cell["how"]] + ", ".join((state, *parts))


def scale_table() -> str:
    """Return a column for each fleet of ``make scale``."""
    fleets = json.loads((RESULTS / "scale.json").read_text())
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
    heading = "| | " + " | ".join(f"{fleet['sensors']:,} sensors" for fleet in fleets) + " |"
    lines = [f"| {name} | {' | '.join(values)} |" for name, values in rows.items()]
    return "\n".join((heading, "|---|" + "---|" * len(fleets), *lines))


def hop_table() -> str:
    """Return a row for each process with the cost of one more sensor, for both ways to fork."""
    fork, server = json.loads((RESULTS / "hop.json").read_text())["forms"].values()
    cpu = {name: (fork["cpu_ms"][name], spent) for name, spent in server["cpu_ms"].items()}
    cpu["all"] = (sum(fork["cpu_ms"].values()), sum(server["cpu_ms"].values()))
    calls = [sum(form["batch_calls"].values()) for form in (fork, server)]
    rows = [
        *(_compared(f"CPU, {name}", *spent, "ms") for name, spent in cpu.items()),
        _compared("wall clock of the run", fork["seconds"] * 1e3, server["seconds"] * 1e3, "ms"),
        _compared("Batch calls", *calls, "", digits=2),
        _compared(
            "memory of the scheduler and all below it", fork["scheduler_mib"], server["scheduler_mib"], "MiB"
        ),
    ]
    heading = "| one more sensor | forked from the scheduler | forked from a server | ratio |"
    return "\n".join((heading, "|---|---|---|---|", *rows))


def _compared(what: str, theirs: float, ours: float, unit: str, digits: int = 0) -> str:
    values = " | ".join(f"{value:,.{digits}f} {unit}".strip() for value in (theirs, ours))
    return f"| {what} | {values} | {ours / theirs:.2f} |"


def steps_table() -> str:
    """Return a row for each step of a task instance with its own time, longest first."""
    steps = json.loads((RESULTS / "hop.json").read_text())["steps_ms"]
    longest_first = sorted(steps.items(), key=lambda step: -step[1])
    rows = [f"| `{name}` | {taken:,.0f} ms |" for name, taken in longest_first if taken >= 1]
    return "\n".join(("| step of an instance of `score` | its own time |", "|---|---|", *rows))


def load_table() -> str:
    """Return a row for each load of the local Azure Batch."""
    loads = json.loads((RESULTS / "emulator.json").read_text())
    heading = (
        "| tasks | added a second | a collection of 100, ms | the last ten, ms | a page of 1,000, ms "
        "| with the client, ms | memory a task, KiB | all run, s |"
    )
    rows = [
        f"| {load['tasks']:,} | {load['adds_per_second']:,} | {load['collection_ms']} "
        f"| {load['last_collections_ms']} | {load['page_ms']} | {load['page_with_client_ms']} "
        f"| {load['kib_per_task']} | {load['run_seconds']} |"
        for load in loads
    ]
    return "\n".join((heading, "|---|---|---|---|---|---|---|---|", *rows))


def backfill_table() -> str:
    """Return the delays of live hours, in an idle Airflow and during a backfill."""
    body = json.loads((RESULTS / "backfill.json").read_text())
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


_POLICY_HEAD = (
    "| policy | node-hours | Spot node-hours | cost | mean m:s | p95 m:s | idle |",
    "|---|---|---|---|---|---|---|",
)


def policies_tables() -> str:
    """Return a table for each fleet: a day in the lab under each autoscale policy."""
    fleets = json.loads((RESULTS / "policies.json").read_text())["lab"]
    return "\n\n".join(
        "\n".join((f"**{fleet}**", "", *_POLICY_HEAD, *map(_policy_row, rows)))
        for fleet, rows in fleets.items()
    )


def day_table() -> str:
    """Return the figures of a day with the real hook, under each autoscale policy."""
    rows = json.loads((RESULTS / "policies.json").read_text())["day"]["policies"]
    return "\n".join((*_POLICY_HEAD, *map(_policy_row, rows)))


def _policy_row(row: dict[str, Any]) -> str:
    waits = (f"{row[name] // 60}:{row[name] % 60:02}" for name in ("mean_seconds", "p95_seconds"))
    hours = (f"{row[name]:,.1f}" for name in ("node_hours", "spot_hours"))
    cells = (row["policy"], *hours, f"{row['cost']:,.2f}", *waits, f"{row['idle_share']:.0%}")
    return f"| {' | '.join(cells)} |"


_VARIANTS = {
    "reference": "the reference's script, one sensor",
    "alone-1-60": "one sensor, 60 readings",
    "alone-1-3600": "one sensor, 3,600 readings",
    "alone-50-60": "50 sensors, a blob each",
    "packed-50-60": "50 sensors, packed",
    "alone-500-60": "500 sensors, a blob each",
    "packed-500-60": "500 sensors, packed",
    "alone-5000-60": "5,000 sensors, a blob each",
    "packed-5000-60": "5,000 sensors, packed",
    "alone-500-3600": "500 by 3,600, a blob each",
    "packed-500-3600": "500 by 3,600, packed CSV",
    "packed-500-3600-parquet": "500 by 3,600, packed Parquet",
    "packed-500-3600-parquet-to-parquet": "500 by 3,600, packed Parquet to Parquet",
}


def scoring_table() -> str:
    """Return a row for each variant of scoring, compared with the reference script."""
    body = json.loads((RESULTS / "scoring.json").read_text())
    again = next(cell for cell in body["cells"] if cell["name"] == "again")["cpu_ratio"]
    rows = [
        f"| {_VARIANTS[cell['name']]} | {cell['cpu_ms']:,.0f} | {cell['cpu_ms'] / cell['sensors']:,.2f} "
        f"| {_ratio(cell['cpu_ratio'])} | {_ratio(cell['wall_ratio'])} | {cell['peak_mib']:.0f} |"
        for cell in body["cells"]
        if cell["name"] in _VARIANTS
    ]
    sizes = body["megabytes"]
    heading = "| | CPU ms | CPU ms per sensor | CPU / reference | wall / reference | peak MiB |"
    control = (
        f"The reference against itself: {_ratio(again)}; smaller differences are noise. Installed packages: "
        f"{sizes['reference']:.0f} MB for the reference, {sizes['scoring']:.0f} MB for scoring."
    )
    return "\n".join((heading, "|---|---|---|---|---|---|", *rows, "", control))


def stages_table() -> str:
    """Return a row for each stage of a scoring process, and one for the rest."""
    taken = json.loads((RESULTS / "stages.json").read_text())
    columns = [_VARIANTS[name] for name in taken]
    stages = [stage for stage in next(iter(taken.values())) if stage != "all"]
    rows = [
        f"| {stage} | {' | '.join(f'{times[stage]:,.1f}' for times in taken.values())} |" for stage in stages
    ]
    rest = [times["all"] - sum(times[stage] for stage in stages) for times in taken.values()]
    total = [times["all"] for times in taken.values()]
    rows += [
        f"| {name} | {' | '.join(f'{time:,.1f}' for time in times)} |"
        for name, times in (("client threads and glue", rest), ("**all**", total))
    ]
    return "\n".join((f"| CPU ms | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|", *rows))


def _ratio(ratio: list[float]) -> str:
    middle, least, most = ratio
    return f"{middle:.3g} ({least:.3g} to {most:.3g})"


def fidelity_table() -> str:
    """Return a row for each kernel that was compared with scikit-learn."""
    counts = json.loads((RESULTS / "fidelity.json").read_text())
    columns = ("models", "random readings", "beside the boundary", "decided like libsvm", "differences")
    rows = [
        f"| {kernel} | {' | '.join(f'{count.get(name, 0):,}' for name in columns)} |"
        for kernel, count in counts.items()
    ]
    return "\n".join((f"| kernel | {' | '.join(columns)} |", "|---|---|---|---|---|---|", *rows))


def soak_line() -> str:
    """Return the results of the soak test as a sentence."""
    counts = json.loads((RESULTS / "soak.json").read_text())
    return (
        f"{counts['runs']} processes that scored {counts['sensors']} sensors each: "
        f"{counts['other exit codes']} exit codes other than 0, "
        f"{counts['incomplete reports']} incomplete reports."
    )


def scoring_chart() -> str:
    """Return the chart of the variants of scoring, as SVG."""
    cells = json.loads((RESULTS / "scoring.json").read_text())["cells"]
    return svg(bars_of(cells, _VARIANTS))


CHARTS = {ROOT / "docs" / "images" / "scoring.svg": scoring_chart}


PARTS = {
    "highlights": highlights_table,
    "requirements": requirements_table,
    "scoring": scoring_table,
    "stages": stages_table,
    "fidelity": fidelity_table,
    "soak": soak_line,
    "load": load_table,
    "settings": settings_table,
    "compose-settings": compose_settings,
    "behaviours": behaviours_part,
    "forms": forms_table,
    "moments": moments_table,
    "compare": compare_table,
    "scale": scale_table,
    "run": run_table,
    "waterfall": waterfall_table,
    "calls": calls_table,
    "parsing": parsing_table,
    "hop": hop_table,
    "steps": steps_table,
    "backfill": backfill_table,
    "policies": policies_tables,
    "day": day_table,
}


def generated(page: Path) -> str:
    """Return a page with its generated parts updated."""
    text = page.read_text()
    form, gap = ("  # {} {}", "\n") if page.suffix == ".yaml" else ("<!-- {} {} -->", "\n\n")
    for name in PAGES[page]:
        start, end = form.format("START", name), form.format("END", name)
        if start in text:
            part = f"{start}{gap}{PARTS[name]()}{gap}{end}"
            text = re.sub(f"{start}.*{end}", partial(_put, part), text, flags=re.DOTALL)
    return text


def _put(part: str, _found: re.Match[str]) -> str:
    return part


def _field_docstrings(source: Path) -> dict[str, str]:
    """Return the docstring of each field of the first class, on one line."""
    body = next(node for node in ast.parse(source.read_text()).body if isinstance(node, ast.ClassDef)).body
    return {
        field.target.id: " ".join(text.value.value.split())
        for field, text in itertools.pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }


def _shown(default: object) -> str:
    return "empty" if default == "" else f"`{default}`"


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(generated(page))
    for chart, drawn in CHARTS.items():
        chart.write_text(drawn())
