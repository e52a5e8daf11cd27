"""A running stack whose every part can be killed and restarted where it was."""

from __future__ import annotations

import os
import signal
import stat
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential

from ingest.loader import lay_out
from ingest.simulator import Fleet
from local_stack.airflow.cluster import FAST_RECOVERY, running_cluster
from local_stack.airflow.local import SCORING_IMAGE
from local_stack.bootstrap import SCORER, python_of
from local_stack.hour import DAG_ID
from local_stack.services.azurite import running_azurite
from local_stack.services.emulator import ACCOUNT, running_emulator
from local_stack.services.ports import free_port
from local_stack.stack import Stack
from local_stack.workspace import Workspace
from scoring_contract import layout
from scoring_contract.hour import RunHour
from scoring_contract.layout import Container
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local_stack.airflow.client import AirflowClient
    from local_stack.airflow.cluster import Cluster
    from local_stack.services.azurite import BlobStorage
    from local_stack.services.emulator import BatchAccount

HOUR = RunHour.parse("2026-01-05T09")
SENSORS = ["1_1", "1_2", "1_3", "2_1", "2_2", "2_3"]
_ENDED = {"success", "failed"}
_LONG = 900.0


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Repeat each test of this folder ``FAULT_ROUNDS`` times."""
    rounds = int(os.environ.get("FAULT_ROUNDS") or 1)
    metafunc.fixturenames.append("round_number")
    metafunc.parametrize("round_number", range(rounds))


@pytest.fixture
def round_number() -> int:
    """Return the number of the round, which tests ignore."""
    return 0


@dataclass(slots=True)
class Services:
    """Azurite and the Batch emulator, with ports and keys that outlive their processes."""

    root: Path
    scorer: Path
    ports: tuple[int, int] = field(default_factory=lambda: (free_port(), free_port()))
    key: str = ""
    storage: BlobStorage | None = None
    batch: BatchAccount | None = None
    _parts: dict[str, ExitStack] = field(default_factory=dict)

    def start_storage(self) -> BlobStorage:
        """Start Azurite on the data it has saved."""
        part = self._parts["storage"] = ExitStack()
        log = self.root / "logs" / "azurite.log"
        self.storage = part.enter_context(running_azurite(self.root / "blobs", log=log, port=self.ports[0]))
        return self.storage

    def start_batch(self) -> BatchAccount:
        """Start the emulator on the account it has saved."""
        part = self._parts["batch"] = ExitStack()
        self.batch = part.enter_context(
            running_emulator(
                self.root / "nodes",
                log=self.root / "logs" / "batch.log",
                images={SCORING_IMAGE: self.scorer},
                port=self.ports[1],
                key=self.key,
            )
        )
        self.key = self.batch.key
        return self.batch

    def kill(self, name: str) -> None:
        """Kill one of them."""
        service = getattr(self, name)
        os.kill(service.pid, signal.SIGKILL)
        self._parts.pop(name).close()

    def stop(self, name: str) -> None:
        """Terminate one of them."""
        self._parts.pop(name).close()

    def close(self) -> None:
        """Stop both."""
        for name in list(self._parts):
            self.stop(name)


@dataclass(frozen=True, slots=True)
class World:
    """A person at the web UI who can kill every process."""

    services: Services
    cluster: Cluster
    web: AirflowClient
    hold: Path

    def held_run(self) -> str:
        """Start a run whose scorers wait to be released."""
        self.hold.touch()
        return self.web.trigger(DAG_ID, hour=str(HOUR))

    def release(self) -> None:
        """Let the scorers go on."""
        self.hold.unlink(missing_ok=True)

    def states(self, run: str) -> dict[str, str]:
        """Return the states of the instances of ``score`` by their sensors."""
        return {ti.label: ti.state for ti in self.web.task_instances(DAG_ID, run, task_id="score")}

    def running(self, run: str) -> list[str]:
        """Return the ids of the instances of ``score`` that a worker is running."""
        found = self.web.get(f"/dags/{DAG_ID}/dagRuns/{run}/taskInstances", limit=50)["task_instances"]
        return [ti["id"] for ti in found if (ti["task_id"], ti["state"]) == ("score", "running")]

    def all_wait(self, run: str) -> bool:
        """Whether every instance is deferred and every scorer runs."""
        found = self.states(run)
        return sorted(found) == SENSORS and set(found.values()) == {"deferred"}

    def has_ended(self, run: str) -> bool:
        """Whether a run has ended."""
        ended = {entry["dag_run_id"] for entry in self.web.runs(DAG_ID) if entry["state"] in _ENDED}
        return run in ended

    def wait(self, run: str) -> str:
        """Wait for the end of a run."""
        return self.web.wait_for_run(DAG_ID, run, seconds=_LONG)

    def base(self, run: str) -> str:
        """Return the first part of a run's Batch ids."""
        return str(self.web.xcom(DAG_ID, run, "plan", key="plan_blob")).strip('"').partition("/")[0]

    def batch_tasks(self, run: str) -> dict[str, Any]:
        """Return the Batch tasks of a run, of all its jobs, by their ids."""
        assert self.services.batch is not None
        key = AzureNamedKeyCredential(ACCOUNT, self.services.key)
        with BatchClient(self.services.batch.endpoint, key) as client:
            jobs = [job.id for job in client.list_jobs() if job.id.startswith(self.base(run))]
            return {task.id: task for job in jobs for task in client.list_tasks(job)}

    def reports(self, run: str) -> list[str]:
        """Return the reports of a run."""
        return self._blobs(Container.RUNS, layout.reports_folder(self.base(run)))

    def predictions(self) -> list[str]:
        """Return the sensors that have a prediction."""
        folder = layout.predictions_folder(HOUR)
        names = self._blobs(Container.PREDICTIONS, folder)
        return [name.removeprefix(folder).removesuffix(".csv") for name in names]

    def _blobs(self, container: Container, folder: str) -> list[str]:
        assert self.services.storage is not None
        return sorted(self.services.storage.container(container).list_blob_names(name_starts_with=folder))

    def assert_each_scored_once(self, run: str) -> None:
        """Check that each sensor has one Batch task, one report and a prediction."""
        names = sorted(task.display_name for task in self.batch_tasks(run).values())
        assert names == SENSORS
        assert len(self.reports(run)) == len(SENSORS)
        assert self.predictions() == SENSORS


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Run everything, with readings loaded and models trained."""
    root = tmp_path_factory.mktemp("faults")
    hold = root / "hold"
    services = Services(root, _patient_scorer(root / "image", hold))
    with ExitStack() as parts:
        parts.callback(services.close)
        stack = Stack(Workspace(root, root / "results"), services.start_storage(), services.start_batch())
        first = RunHour(HOUR.start.replace(hour=HOUR.start.hour - 2))
        readings = Fleet(devices=2, tags=3).readings(first, 3)
        lay_out(readings, stack.storage.container(Container.DATA), source="simulated")
        stack.train(first, HOUR)
        settings = {
            **FAST_RECOVERY,
            "SENSOR_SCORING_POLL_SECONDS": "1",
            "SENSOR_SCORING_LATENESS_MINUTES": "0",
        }
        cluster = parts.enter_context(running_cluster(stack, folder=root / "cluster", settings=settings))
        web = cluster.client()
        until(lambda: web.knows(DAG_ID))
        web.unpause(DAG_ID)
        # Unpausing starts a run for the hour that has just ended; it has no readings.
        until(lambda: any(run["state"] == "success" for run in web.runs(DAG_ID)))
        yield World(services, cluster, web, hold)
        web.close()


def _patient_scorer(prefix: Path, hold: Path) -> Path:
    """Stand in for the scoring image: the real scorer, which waits while a file exists."""
    python = prefix / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(
        f'#!/bin/sh\nwhile [ -e "{hold}" ]; do sleep 0.1; done\nexec {python_of(SCORER)} "$@"\n'
    )
    python.chmod(python.stat().st_mode | stat.S_IXUSR)
    return prefix
