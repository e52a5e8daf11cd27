"""Compares scoring from mounted folders with scoring over HTTP: ``python -m bench.mounts``.

Requests are those in the log of a real Azurite, CPU that of whole processes, one for each Batch task of the
plan. Of a large fleet every tenth Batch task is run, of a small one each three times, over HTTP and from
folders in turn. The folders are of this machine: what BlobFuse, SMB or NFS take is not in the figures.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.harness.command import run_benchmark
from bench.harness.scored_fleet import Fleet, FleetStorage
from bench.scoring import cost_of
from local_stack.bootstrap import SCORER, python_of
from local_stack.services.azurite import running_azurite
from scoring_contract import layout
from scoring_contract.access import MOUNTS_VARIABLE, mount_url, variable_of
from scoring_contract.layout import Container
from scoring_contract.messages.invocation import ScoreInvocation
from scoring_contract.messages.manifest import Manifest
from scoring_contract.messages.planned_file import PlannedFile
from sensor_scoring.hourly.planning.packing import packed, size_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.scoring import Cost

RESULTS = Path(__file__).parent / "results" / "mounts.json"
FLEETS = (Fleet(15, 60), Fleet(1000, 60))
MOUNTED = (Container.DATA, Container.MODELS)
_SMALL = 40
_ROUNDS = 3
_EVERY = 10
_REQUEST = re.compile(r'"(?:GET|PUT|HEAD) /devstoreaccount1/([a-z]+)[^/?"]*/')
"""A request for a blob, and the first word of its container's name."""


def main() -> None:
    """Measure both fleets, print and save the figures."""
    found = {str(fleet.sensors): _measured(fleet) for fleet in FLEETS}
    RESULTS.write_text(json.dumps(found, indent=2) + "\n")


def _measured(fleet: Fleet) -> dict[str, Any]:
    pairs: list[dict[str, Cost]] = []
    with tempfile.TemporaryDirectory(prefix="bench-") as text:
        folder = Path(text)
        log = folder / "azurite.log"
        with running_azurite(folder / "blobs", log=log, logs_requests=True) as storage:
            bench = Bench(FleetStorage(storage), fleet, folder / "mounts")
            is_small = len(bench.calls) <= _SMALL
            bench.pairs(bench.calls[:1])  # so that all find their libraries in memory
            before = len(log.read_text())
            for _ in range(_ROUNDS if is_small else 1):
                pairs += bench.pairs(bench.calls if is_small else bench.calls[::_EVERY])
        requests = Counter(_REQUEST.findall(log.read_text()[before:]))
    both = sum(requests[name.value] for name in (Container.PREDICTIONS, Container.RUNS))
    saved = [pair["http"].cpu_ms - pair["mounts"].cpu_ms for pair in pairs]
    body = {
        "tasks": len(bench.calls),
        "pairs": len(pairs),
        "requests per task": {
            **{name.value: requests[name.value] / len(pairs) for name in MOUNTED},
            "results": both / len(pairs) / 2,
        },
        "cpu ms per task": {
            way: round(statistics.median(pair[way].cpu_ms for pair in pairs), 1) for way in ("http", "mounts")
        },
        "cpu ms saved per task": [round(share, 1) for share in statistics.quantiles(saved)],
    }
    print(json.dumps({fleet.name: body}), flush=True)
    return body


@dataclass
class Bench:
    """A fleet in Azurite and in folders, with an order for each Batch task."""

    fleets: FleetStorage
    fleet: Fleet
    mounts: Path

    def __post_init__(self) -> None:
        call = self.fleets.lay_out(self.fleet)
        whole = Manifest.from_json(
            self.fleets.storage.container(Container.RUNS).download_blob(call.manifest).readall()
        )
        self._mount()
        self.calls = list(self._orders(whole))

    def pairs(self, calls: Sequence[ScoreInvocation]) -> list[dict[str, Cost]]:
        """Run Batch tasks, each over HTTP and from the folders, into new containers of predictions."""
        variables = {variable_of(name): mount_url(name.value) for name in MOUNTED}
        mounted = {**self.fleets.environ(), **variables, MOUNTS_VARIABLE: str(self.mounts)}
        ways = {"http": self.fleets.environ(), "mounts": mounted}
        pairs = []
        for call in calls:
            command = [python_of(SCORER), "-m", "scorer", *call.to_argv()]
            pairs.append({way: cost_of(command, environ) for way, environ in ways.items()})
            ways = dict(reversed(ways.items()))  # neither always finds the machine as the other has left it
        return pairs

    def _mount(self) -> None:
        self.files: dict[str, PlannedFile] = {}
        for name in MOUNTED:
            client = self.fleets.storage.container(name)
            for blob in client.list_blobs():
                path = self.mounts / name.value / blob.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(client.download_blob(blob.name).readall())
                os.utime(path, (blob.last_modified.timestamp(),) * 2)
                self.files[blob.name] = PlannedFile(blob.size, blob.last_modified)

    def _orders(self, whole: Manifest) -> Iterator[ScoreInvocation]:
        orders = {order.sensor: order for order in whole.sensors}
        groups = packed(sorted(orders), size=size_for(len(orders), wanted=0))
        runs = self.fleets.storage.container(Container.RUNS)
        for number, sensors in enumerate(groups.values()):
            chosen = tuple(orders[sensor] for sensor in sensors)
            files = {name: self.files[name] for order in chosen for name in order.readings}
            group = f"g{number}"
            blob = layout.manifest_blob(whole.run, group)
            manifest = replace(whole, group=group, sensors=chosen, files=files)
            runs.upload_blob(blob, manifest.to_json(), overwrite=True)
            yield ScoreInvocation(blob, layout.report_blob(whole.run, "job", group))


if __name__ == "__main__":
    run_benchmark(main)
