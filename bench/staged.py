"""Runs the scorer and measures its stages: ``python bench/staged.py FILE score ...``.

It writes CPU milliseconds by stage to FILE as JSON: for the start, those of the whole process between two
marks; for the work, those of the thread that does it. The rest belongs to the storage client's threads, and
to the code between the stages.

Modules are imported by name, in the measured order. Modules that the scorer does not need are imported after
it has ended, or not at all.
"""

from __future__ import annotations

import os
import sys
import time
from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_NS = 1_000_000
STARTING = {
    "numpy": ("numpy",),
    "storage client": ("obstore.store",),
    "own modules": ("scorer.__main__", "scorer.scoring.score"),
}
WORKING = (
    ("scorer.scoring.pipeline", "open_container", "four containers opened"),
    ("scorer.scoring.score", "open_container", "four containers opened"),
    ("scorer.scoring.unit_readings", "UnitReadings.fetched", "models and readings fetched"),
    ("scorer.models.files", "ModelFiles.fetch", "models and readings fetched"),
    ("scorer.models.files", "pack_of", "models read"),
    ("scorer.scoring.pipeline", "model_of", "models read"),
    ("scorer.scoring.unit_readings", "UnitReadings.hand_out", "readings read"),
    ("scorer.scoring.work", "SensorWork.predict", "readings scored"),
    ("scorer.scoring.pipeline", "render_predictions", "predictions written"),
    ("scorer.scoring.pipeline", "publish", "predictions sent"),
    ("scorer.scoring.pipeline", "publish_pack", "predictions sent"),
    ("scoring_contract.messages.manifest", "Manifest.from_json", "manifest and report"),
    ("scoring_contract.messages.report", "Report.to_json", "manifest and report"),
)
"""Module, function and stage."""
spent: dict[str, int] = {}


def main(file: str, argv: Sequence[str]) -> int:
    """Run the scorer and write its times; return its exit code."""
    os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
    last = mark("interpreter", 0)
    for stage, modules in STARTING.items():
        for module in modules:
            import_module(module)
        last = mark(stage, last)
    elsewhere = import_module("threading").local()
    for module, function, stage in WORKING:
        watch(sys.modules[module], function, stage, elsewhere)
    console = sys.modules["scorer.console"].Console(sys.stdout, sys.stderr)
    code: int = sys.modules["scorer.__main__"].main(argv, os.environ, console)
    spent["all"] = time.process_time_ns()
    milliseconds = {stage: nanoseconds / _NS for stage, nanoseconds in spent.items()}
    import_module("pathlib").Path(file).write_text(import_module("json").dumps(milliseconds))
    return code


def mark(stage: str, since: int) -> int:
    """Add the process's CPU time since another mark to a stage."""
    now = time.process_time_ns()
    spent[stage] = now - since
    return now


def watch(owner: Any, function: str, stage: str, elsewhere: Any) -> None:
    """Add the time of a function to a stage, without the time of watched functions that it calls.

    :param elsewhere: thread-local; ``ns`` is the time of watched functions since it entered one
    """
    *path, name = function.split(".")
    for part in path:
        owner = getattr(owner, part)
    inner = getattr(owner, name)

    def timed(*args: Any, **kwargs: Any) -> Any:
        started, before = time.thread_time_ns(), getattr(elsewhere, "ns", 0)
        elsewhere.ns = 0
        try:
            return inner(*args, **kwargs)
        finally:
            took = time.thread_time_ns() - started
            spent[stage] = spent.get(stage, 0) + took - elsewhere.ns
            elsewhere.ns = before + took

    setattr(owner, name, timed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
