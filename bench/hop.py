"""Measures the cost of one more sensor in an hour, by process: ``make bench-hop``.

The stack is that of ``make up``, on PostgreSQL, but a rule of the emulator replaces the scorer and writes its
reports and predictions. The hour runs with few sensors and with many, one instance each; the difference per
additional sensor is its cost. Airflow's default, which forks task instances from the scheduler, is compared
with ours, which forks them from a server with preloaded modules. A last stack, with Airflow's tracing on,
measures the steps of an instance.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from bench.harness.command import run_benchmark
from bench.harness.fleet import lay_out
from bench.harness.hop_cost import price, run_hour, warm
from bench.harness.spans import DETAIL, medians, received

RESULTS = Path(__file__).parent / "results" / "hop.json"
FORMS = {
    "fork": {
        "AIRFLOW__SCHEDULER__MP_START_METHOD": "fork",
        "AIRFLOW__CORE__MP_FORKSERVER_PRELOAD": "",
    },
    "forkserver": {},
}
"""Airflow's default, and the settings of our stacks."""


def main() -> None:
    """Measure, print and save the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sensors", type=int, default=40)
    order = parser.parse_args()
    costs = {}
    for form, settings in FORMS.items():
        with warm(settings) as (stack, cluster):
            costs[form] = asdict(price(stack, cluster, more=order.sensors))
        print(form, json.dumps(costs[form], indent=2), flush=True)
    with received() as receiver, warm(receiver.settings) as (stack, cluster):
        lay_out(stack.storage, order.sensors)
        run_hour(cluster, cluster.client(), DETAIL)
    steps = medians(receiver.below("worker.score"), instances=order.sensors)
    print(json.dumps(steps, indent=2), flush=True)
    RESULTS.parent.mkdir(exist_ok=True)
    found = {"sensors": order.sensors, "forms": costs, "steps_ms": steps}
    RESULTS.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    run_benchmark(main)
