"""Tables of the README: benchmark results in a line each, and requirements."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from bench_results import results_of

ROOT = Path(__file__).resolve().parents[2]
_LOCKED = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>[0-9.]+)", re.MULTILINE)
_PROVIDERS = ("microsoft-azure", "smtp", "apprise")


def highlights_table() -> str:
    """Return a row for each benchmark, with its most important figure."""
    rows = (_scoring_row(), _labels_row(), _operator_row(), *_scale_rows())
    return "\n".join(("| what | measured |", "|---|---|", *rows))


def _scoring_row() -> str:
    cells = {cell["name"]: cell for cell in results_of("scoring")["cells"]}
    ours, reference = (cells[name]["cpu_ms"] / 1000 for name in ("packed-500-60", "reference"))
    return (
        f"| [Scoring](docs/benchmarks.md#scoring-beside-the-reference) 500 packed sensors, 60 readings each "
        f"| {ours:.2f} s of CPU; the reference architecture's script, on today's libraries, takes "
        f"{reference:.1f} s for one sensor |"
    )


def _labels_row() -> str:
    kernels = results_of("fidelity").values()
    compared = sum(kernel["random readings"] + kernel["beside the boundary"] for kernel in kernels)
    differences = sum(kernel.get("differences", 0) for kernel in kernels)
    return (
        f"| [Labels](docs/benchmarks.md#labels-beside-scikit-learn) that differ from scikit-learn's | "
        f"{differences:,} of {compared:,} |"
    )


def _operator_row() -> str:
    """Return the comparison of operators at the largest size that all of them finished."""
    cells = [cell for cell in results_of("compare") if not cell["how"]]
    sizes = {cell["items"] for cell in cells}
    finished = {size for size in sizes if all(cell["is_finished"] for cell in cells if cell["items"] == size)}
    largest = [cell for cell in cells if cell["items"] == max(finished)]
    ours = next(cell for cell in largest if cell["form"] == "ours")
    best = min((cell for cell in largest if cell["form"] != "ours"), key=lambda cell: cell["seconds"])
    return (
        f"| [Running](docs/benchmarks.md#beside-the-stock-operator) {max(finished)} Batch tasks | "
        f"{ours['seconds']:.0f} s and {ours['batch_calls']:,} Batch calls; the provider's operator takes "
        f"{best['seconds']:.0f} s and {best['batch_calls']:,} |"
    )


def _scale_rows() -> list[str]:
    """Return the largest fleet of each way to divide sensors among Batch tasks, with its shortest time."""
    best: dict[int, dict[str, Any]] = {}
    for fleet in sorted(results_of("scale"), key=lambda fleet: (fleet["sensors"], -fleet["seconds"])):
        best[fleet["sensors_per_task"]] = fleet
    return [
        f"| [One hour](docs/benchmarks.md#thousands-of-sensors) of {fleet['sensors']:,} sensors, "
        f"{_instances(fleet)} "
        f"| {fleet['seconds']:,.0f} s, {fleet['batch_calls']:,} Batch calls |"
        for fleet in best.values()
    ]


def _instances(fleet: dict[str, Any]) -> str:
    alone = " (one each, by that setting)" if fleet["sensors_per_task"] == 1 else ""
    return f"{fleet['instances']:,} task instances{alone}"


def requirements_table() -> str:
    """Return a row for each requirement, with the locked version that is tested."""
    locked = dict(_LOCKED.findall((ROOT / "requirements.txt").read_text()))
    providers = ", ".join(
        f"`{name}` {locked[f'apache-airflow-providers-{name}']}" for name in sorted(_PROVIDERS)
    )
    rows = {
        "Linux": "where everything here was run; not tried on macOS or Windows",
        "Python": f"{_oldest_python()}, and 3.12 in the container images; newer ones are not refused",
        "Airflow": locked["apache-airflow"],
        "Airflow providers": providers,
        "Azure SDK": f"`azure-batch` {locked['azure-batch']}, "
        f"`azure-storage-blob` {locked['azure-storage-blob']}",
        "Docker": "for the scoring image and `docker-compose.yaml`; not for `make run` and `make up`",
    }
    lines = (f"| {name} | {what} |" for name, what in rows.items())
    return "\n".join(("| what | tested with |", "|---|---|", *lines))


def _oldest_python() -> str:
    (target,) = re.findall(
        r'^python_version = "([0-9.]+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE
    )
    return str(target)
