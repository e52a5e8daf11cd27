"""Collects the site's sources: ``python docs/site_pages.py .local/docs``, for ``make docs``.

The pages keep their paths in the repository, so that the same relative links work on GitHub and on the site.
Files that they link to, such as pictures and tests, are included. The API page is generated here, because
GitHub cannot show it. Mermaid, which draws the diagrams, comes from ``docs/package-lock.json``.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
PATTERNS = ("*.md", "docs/**/*.md", "batch_emulator/**/*.md", "event_hubs_emulator/**/*.md")
API = (
    "sensor_scoring.azure_batch.operators.AzureBatchTaskOperator",
    "sensor_scoring.azure_batch.operators.AzureBatchSubmitOperator",
    "sensor_scoring.azure_batch.batch_operator.BatchOperator",
    "sensor_scoring.azure_batch.hook.ScoringBatchHook",
    "sensor_scoring.azure_batch.trigger.BatchTaskTrigger",
    "sensor_scoring.hourly.operator.SensorScoringOperator",
    "sensor_scoring.hourly.sensor.PredictionBlobSensor",
    "sensor_scoring.hourly.sensor_trigger.PredictionBlobTrigger",
    "sensor_scoring.hourly.settle.SettleOperator",
)
MERMAID = "mermaid.tiny.js"
_LINK = re.compile(r"\]\((?!http|#)([^)#\s]+)")


def lay_out(folder: Path) -> None:
    """Write the pages, the files that they link to, and the site's configuration.

    :param folder: target; pages of an earlier build are removed
    """
    pages = folder / "pages"
    shutil.rmtree(pages, ignore_errors=True)
    for page in _pages():
        _copy(page, pages)
        for linked in _linked_by(page):
            _copy(linked, pages)
    (pages / "api.md").write_text(_api_page())
    shutil.copy(ROOT / "docs" / "zensical.toml", folder)


def add_mermaid(folder: Path) -> None:
    """Put Mermaid beside the pages, where ``extra_javascript`` of ``zensical.toml`` names it.

    :param folder: as in :func:`lay_out`, with npm's ``node_modules``
    """
    shutil.copy(folder / "node_modules" / "@mermaid-js" / "tiny" / "dist" / MERMAID, folder / "pages")


def _pages() -> Iterator[Path]:
    for pattern in PATTERNS:
        yield from sorted(ROOT.glob(pattern))


def _linked_by(page: Path) -> Iterator[Path]:
    for target in _LINK.findall(page.read_text()):
        linked = (page.parent / target).resolve()
        if linked.is_file():
            yield linked


def _copy(file: Path, pages: Path) -> None:
    copied = pages / file.relative_to(ROOT)
    copied.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(file, copied)


def _api_page() -> str:
    return "\n\n".join(("# Operators, hook, sensor, triggers", *(f"::: {name}" for name in API))) + "\n"


if __name__ == "__main__":
    target = Path(sys.argv[1])
    lay_out(target)
    add_mermaid(target)
