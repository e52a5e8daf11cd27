"""Writes the parts of the documentation that mirror code: ``python docs/generate.py``.

A generated part is between ``<!-- START name -->`` and ``<!-- END name -->``; a test checks that it is
current.
"""

from __future__ import annotations

import re
import sys
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "plugins"), str(ROOT / "docs"), str(ROOT)]

import page_parts  # noqa: E402  the path comes first
from application_insights import template  # noqa: E402  likewise
from grafana_dashboard import grafana_dashboard  # noqa: E402  likewise
from pool_formulas import pool_formulas  # noqa: E402  likewise
from tables.airflow import backfill_table, compare_table, executors_table, hop_table, scale_table, steps_table  # noqa: E402  likewise
from tables.batch import day_table, load_table, policies_tables  # noqa: E402  likewise
from tables.fleet import drawn_table, fleet_table, plugin_line  # noqa: E402  likewise
from tables.image import images_table  # noqa: E402  likewise
from tables.infra import (  # noqa: E402  likewise
    identities_picture,
    month_table,
    roles_table,
    sizes_table,
    standing_table,
)
from tables.ingest import devices_table, ingest_table, loading_table, windows_table  # noqa: E402  likewise
from tables.monitoring import attributes_table, metrics_table, trace_text  # noqa: E402  likewise
from tables.mount import mounts_table  # noqa: E402  likewise
from tables.preflight import checks_table  # noqa: E402  likewise
from tables.readme import highlights_table, requirements_table  # noqa: E402  likewise
from tables.run import calls_table, floor_table, parsing_table, run_table, waterfall_table  # noqa: E402  likewise
from tables.scoring import fidelity_table, scoring_chart, scoring_table, soak_line, stages_table  # noqa: E402  likewise
from tables.stream import refusals_table, scenarios_table  # noqa: E402  likewise
from tables.year import year_line, year_table  # noqa: E402  likewise

PAGES = {
    ROOT / "docs" / "settings.md": ("settings",),
    ROOT / "docs" / "behaviours.md": ("behaviours",),
    ROOT / "docs" / "readings.md": ("forms", "moments"),
    ROOT / "docs" / "stream-analytics.md": ("scenarios", "refusals"),
    ROOT / "README.md": ("highlights", "requirements"),
    ROOT / "batch_emulator" / "README.md": ("load",),
    ROOT / "docs" / "backfill.md": ("backfill",),
    ROOT / "docs" / "benchmarks.md": (
        *("scoring", "stages", "fidelity", "soak", "compare", "scale"),
        *("run", "waterfall", "hop", "executors", "floor", "steps", "parsing", "calls"),
        *("ingest", "devices", "windows", "loading"),
        *("fleet", "plugin", "drawn"),
        *("year", "year-blobs"),
    ),
    ROOT / "docs" / "autoscale.md": ("policies", "day"),
    ROOT / "docs" / "monitoring.md": ("metrics", "attributes", "trace"),
    ROOT / "docs" / "images.md": ("images",),
    ROOT / "docs" / "preflight.md": ("checks",),
    ROOT / "docs" / "mounts.md": ("mounts",),
    ROOT / "docs" / "azure.md": ("sizes", "identities", "roles", "month", "standing"),
    ROOT / "docker-compose.yaml": ("compose-settings",),
}

FILES = {
    ROOT / "docs" / "images" / "scoring.svg": scoring_chart,
    ROOT / "monitoring" / "grafana-dashboard.json": grafana_dashboard,
    ROOT / "monitoring" / "application-insights.json": template,
    ROOT / "infra" / "formulas.json": pool_formulas,
}


PARTS = {
    "highlights": highlights_table,
    "requirements": requirements_table,
    "scoring": scoring_table,
    "stages": stages_table,
    "fidelity": fidelity_table,
    "soak": soak_line,
    "load": load_table,
    "settings": page_parts.settings_table,
    "compose-settings": page_parts.compose_settings,
    "behaviours": page_parts.behaviours_part,
    "forms": page_parts.forms_table,
    "moments": page_parts.moments_table,
    "scenarios": scenarios_table,
    "refusals": refusals_table,
    "compare": compare_table,
    "scale": scale_table,
    "run": run_table,
    "waterfall": waterfall_table,
    "calls": calls_table,
    "parsing": parsing_table,
    "executors": executors_table,
    "hop": hop_table,
    "ingest": ingest_table,
    "devices": devices_table,
    "windows": windows_table,
    "loading": loading_table,
    "fleet": fleet_table,
    "plugin": plugin_line,
    "drawn": drawn_table,
    "images": images_table,
    "checks": checks_table,
    "mounts": mounts_table,
    "floor": floor_table,
    "steps": steps_table,
    "backfill": backfill_table,
    "policies": policies_tables,
    "day": day_table,
    "year": year_table,
    "year-blobs": year_line,
    "roles": roles_table,
    "identities": identities_picture,
    "sizes": sizes_table,
    "month": month_table,
    "standing": standing_table,
    "metrics": metrics_table,
    "attributes": attributes_table,
    "trace": trace_text,
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


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(generated(page))
    for file, made in FILES.items():
        file.write_text(made())
