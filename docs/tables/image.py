"""Table of the images' sizes."""

from __future__ import annotations

from bench_results import results_of, table_of


def images_table() -> str:
    """Return what each image adds to its base."""
    found = results_of("images")
    added = {name: f"{size:,.0f}" for name, size in found["added"].items()}
    rows = {"added": list(added.values())}
    rows["with the base"] = [f"{found['base'] + size:,.0f}" for size in found["added"].values()]
    return table_of([f"`{name}`" for name in added], rows)
