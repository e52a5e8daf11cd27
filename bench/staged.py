"""Runs the scorer with a stopwatch in it: ``python bench/staged.py FILE score ...``.

CPU milliseconds by stage go to FILE as JSON: of starting up, those of the whole process between two marks;
of work, those of the thread that does it. What is in no stage is that of the storage client's own threads,
and of what holds the steps together.
"""

from __future__ import annotations

import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_NS = 1_000_000
spent: dict[str, int] = {}


def mark(stage: str, since: int) -> int:
    """Count the process's time since another mark."""
    now = time.process_time_ns()
    spent[stage] = now - since
    return now


def watch(owner: Any, name: str, stage: str) -> None:
    """Count the time of a function, wherever it is called."""
    inner = getattr(owner, name)

    def timed(*args: Any, **kwargs: Any) -> Any:
        started = time.thread_time_ns()
        try:
            return inner(*args, **kwargs)
        finally:
            spent[stage] = spent.get(stage, 0) + time.thread_time_ns() - started

    setattr(owner, name, timed)


os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
last = mark("interpreter", 0)
import numpy as np  # noqa: E402, F401  # the order is what is measured

last = mark("numpy", last)
import obstore.store  # noqa: E402, F401  # likewise

last = mark("storage client", last)
from scorer import batch_scoring, score  # noqa: E402  # likewise
from scorer.__main__ import main  # noqa: E402  # likewise
from scorer.batch_readings import BatchReadings  # noqa: E402  # likewise
from scorer.console import Console  # noqa: E402  # likewise
from scorer.model_files import ModelFiles  # noqa: E402  # likewise
from scorer.sensor_work import SensorWork  # noqa: E402  # likewise
from scoring_contract.manifest import Manifest  # noqa: E402  # likewise
from scoring_contract.report import Report  # noqa: E402  # likewise

last = mark("own modules", last)
for module in (batch_scoring, score):
    watch(module, "open_container", "four containers opened")
watch(BatchReadings, "fetched", "models and readings fetched")
watch(ModelFiles, "data", "models and readings fetched")
watch(batch_scoring, "load_model", "models read")
watch(BatchReadings, "hand_out", "readings read")
watch(SensorWork, "judge", "readings judged")
watch(batch_scoring, "render_predictions", "predictions written as text")
watch(batch_scoring, "publish", "predictions sent")
watch(batch_scoring, "publish_pack", "predictions sent")
watch(Manifest, "from_json", "manifest and report")
watch(Report, "to_json", "manifest and report")
code = main(sys.argv[2:], os.environ, Console(sys.stdout, sys.stderr))
spent["all"] = time.process_time_ns()
import json  # noqa: E402  only now: what the scorer imports is to count as its own
from pathlib import Path  # noqa: E402  likewise

Path(sys.argv[1]).write_text(json.dumps({stage: nanoseconds / _NS for stage, nanoseconds in spent.items()}))
sys.exit(code)
