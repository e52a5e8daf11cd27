"""Options that describe disturbances."""

from __future__ import annotations

import argparse
from datetime import timedelta

from ingest.devices.disturbances import Disturbances, Silence
from ingest.devices.options import add_sending_options, disturbances_of
from tests.ingest.devices.readings import second


def test_options_describe_disturbances() -> None:
    """Those of a device can be repeated; its name may contain what separates it from the value."""
    parser = argparse.ArgumentParser()
    add_sending_options(parser)
    order = parser.parse_args(
        [
            *("--late", "ns=2;s=Pump=240", "--late", "2=0.5"),
            *("--late-share", "0.01", "--late-seconds", "90"),
            *("--twice-share", "0.02", "--disorder-share", "0.03", "--disorder-seconds", "5"),
            *("--silent", "1=2026-01-01T00:00:10Z/2026-01-01T01:00:20+01:00"),
            *("--silent", "1=2026-01-01T00:01Z/2026-01-01T00:02Z", "--drift", "3=-2.5"),
        ]
    )
    assert disturbances_of(order, seed=8) == Disturbances(
        seed=8,
        late={"ns=2;s=Pump": timedelta(seconds=240), "2": timedelta(seconds=0.5)},
        late_share=0.01,
        late_up_to=timedelta(seconds=90),
        twice_share=0.02,
        disorder_share=0.03,
        disorder_up_to=timedelta(seconds=5),
        silent={"1": (Silence(second(10), second(20)), Silence(second(60), second(120)))},
        drift={"3": -2.5},
    )
