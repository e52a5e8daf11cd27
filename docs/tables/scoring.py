"""Tables of scoring beside the reference and scikit-learn."""

from __future__ import annotations

from bench_results import results_of

from tables.scoring_chart import bars_of, svg

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
    body = results_of("scoring")
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
    taken = results_of("stages")
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
    counts = results_of("fidelity")
    columns = ("models", "random readings", "beside the boundary", "decided like libsvm", "differences")
    rows = [
        f"| {kernel} | {' | '.join(f'{count.get(name, 0):,}' for name in columns)} |"
        for kernel, count in counts.items()
    ]
    return "\n".join((f"| kernel | {' | '.join(columns)} |", "|---|---|---|---|---|---|", *rows))


def soak_line() -> str:
    """Return the results of the soak test as a sentence."""
    counts = results_of("soak")
    return (
        f"{counts['runs']} processes that scored {counts['sensors']} sensors each: "
        f"{counts['other exit codes']} ended with an exit code other than 0, "
        f"{counts['incomplete reports']} with an incomplete report."
    )


def scoring_chart() -> str:
    """Return the chart of the variants of scoring, as SVG."""
    cells = results_of("scoring")["cells"]
    return svg(bars_of(cells, _VARIANTS))
