"""The whole system, as ``make run`` starts it, in folders of its own."""

from __future__ import annotations

import stat
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Self

import pytest
from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential

from ingest.files.readings_files import ReadingsFiles
from ingest.simulator import Fleet
from local_stack.airflow.cluster import running_cluster
from local_stack.bootstrap import ROOT, SCORER, python_of
from local_stack.hour import lay_out_files, train
from local_stack.services import azurite
from local_stack.services.browser import running_browser
from local_stack.services.emulator import ACCOUNT
from local_stack.stack import running_stack
from local_stack.workspace import Workspace
from scoring_contract.hour import RunHour
from tests.integration.warm_airflow import WarmStack, warm_process
from tests.integration.world import DAG, World
from tests.support.receivers import running_webhook
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

    from local_stack.airflow.cluster import Cluster
    from local_stack.stack import Stack
    from tests.integration.warm_airflow import WarmProcess
    from tests.support.receivers import Webhook

HOUR = RunHour.parse("2026-01-05T09")
TRAINED_HOURS = 2
QUICK = {
    "SENSOR_SCORING_POLL_SECONDS": "1",
    "SENSOR_SCORING_RETRY_DELAY_SECONDS": "1",
    # The run that unpausing starts must not wait for late readings, whatever minute of the hour it is.
    "SENSOR_SCORING_LATENESS_MINUTES": "0",
    "SENSOR_SCORING_CONFIRM_SECONDS": "1",
}
"""Settings of an Airflow whose runs wait for nothing."""
SEEN = ROOT / ".local" / "seen"
"""Pictures of pages on which a test failed."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep what a browser showed when a test of it failed."""
    report = yield
    page = getattr(item, "funcargs", {}).get("page")
    if report.failed and page is not None:
        SEEN.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SEEN / f"{item.name}.png", full_page=True)
        report.sections.append(("page", f"{page.url}\n{SEEN / f'{item.name}.png'}"))
    return report


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Open the browser."""
    with running_browser() as browser:
        yield browser


class Folders(Workspace):
    """A workspace in a test's own folder."""

    @property
    def airflow(self) -> Path:
        """Airflow's home: its runs are not mixed with those of the checkout, but those of all stacks are."""
        return self.root.parent / "airflow"


@pytest.fixture(scope="session")
def readings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a CSV: two hours to train on and one to score, six sensors, one of them silent in the last hour.

    Three lines in it are no readings.
    """
    fleet = Fleet(devices=2, tags=3)
    first = RunHour(HOUR.start.replace(hour=HOUR.start.hour - TRAINED_HOURS))
    lines = ["TS,Device,Tag,Value"]
    lines += [
        reading.to_row()
        for reading in fleet.readings(first, TRAINED_HOURS + 1)
        if not (HOUR.contains(reading.moment) and (reading.device, reading.tag) == ("2", "3"))
    ]
    lines[10:10] = ["2026-01-05 07:00:00.000,1,1,n/a", "yesterday,1,1,3.5", "a line of nothing"]
    file = tmp_path_factory.mktemp("readings") / "readings.csv"
    file.write_text("\n".join(lines) + "\n")
    return file


@pytest.fixture(scope="session")
def frail_scorer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stand for the scoring image, but kill the first process that scores sensor 1_2, as the kernel would."""
    prefix = tmp_path_factory.mktemp("image")
    python = prefix / "bin" / "python"
    python.parent.mkdir()
    python.write_text(
        "#!/bin/sh\n"
        f'case "$*" in *manifests/1_2.json*) mkdir {prefix}/killed 2>/dev/null && kill -KILL $$ ;; esac\n'
        f'exec {python_of(SCORER)} "$@"\n'
    )
    python.chmod(python.stat().st_mode | stat.S_IXUSR)
    return prefix


@pytest.fixture(scope="session")
def airflow_process() -> Iterator[WarmProcess]:
    """Run Airflow for the stacks whose runs share a process."""
    with warm_process() as process:
        yield process


def mount_of(root: Path, container: str) -> Path:
    """Return the folder that nodes mount for a container; it is empty until a test fills it."""
    folder = root / "mounted" / container
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def stack(
    tmp_path_factory: pytest.TempPathFactory, frail_scorer: Path, airflow_process: WarmProcess
) -> Iterator[Stack]:
    """Run Azurite and the Batch emulator."""
    root = tmp_path_factory.mktemp("stack")
    mounted = [f"--mount={azurite.ACCOUNT}/{name}={mount_of(root, name)}" for name in ("data", "models")]
    folders = Folders(root, root / "results")
    with running_stack(folders, scorer=frail_scorer, emulator_options=mounted) as stack:
        yield WarmStack.of(stack, airflow_process)


@dataclass(frozen=True, slots=True)
class Obedient:
    """An environment that stands for the scoring image; its processes do what a test wants of them.

    :param prefix: the environment; a file in ``hold`` with a sensor's name is an order
    """

    prefix: Path

    @classmethod
    def made_in(cls, prefix: Path) -> Self:
        """Make it: the real scorer behind a shell script."""
        for folder in ("bin", "hold"):
            (prefix / folder).mkdir()
        python = prefix / "bin" / "python"
        python.write_text(
            "#!/bin/sh\n"
            # The group is the last part of the manifest's name.
            "group=$(echo \"$*\" | sed -n 's|.*manifests/\\([^ ]*\\)[.]json.*|\\1|p')\n"
            f'while [ -f "{prefix}/hold/$group" ]; do sleep 0.1; done\n'
            f'exec {python_of(SCORER)} "$@"\n'
        )
        python.chmod(python.stat().st_mode | stat.S_IXUSR)
        return cls(prefix)

    def hold(self, *sensors: str) -> None:
        """Let the Batch tasks of these sensors run on until they are released."""
        for sensor in sensors:
            (self.prefix / "hold" / sensor).touch()

    def release(self) -> None:
        """Let all go on."""
        for file in (self.prefix / "hold").iterdir():
            file.unlink()


@pytest.fixture(scope="session")
def scorer(tmp_path_factory: pytest.TempPathFactory) -> Obedient:
    """Make the environment that the standing stack's Batch tasks run in."""
    return Obedient.made_in(tmp_path_factory.mktemp("obedient"))


@pytest.fixture(scope="session")
def told() -> Iterator[Webhook]:
    """Run the web server that the standing stack's alerts go to."""
    with running_webhook() as webhook:
        yield webhook


@pytest.fixture(scope="session")
def standing(
    tmp_path_factory: pytest.TempPathFactory, scorer: Obedient, readings: Path, told: Webhook
) -> Iterator[tuple[Stack, Cluster]]:
    """Run the stack with all processes of Airflow on PostgreSQL, readings laid out and models trained."""
    root = tmp_path_factory.mktemp("standing")
    with running_stack(
        Folders(root, root / "results"), scorer=scorer.prefix, emulator_options=["--controls"]
    ) as stack:
        laid = lay_out_files(stack, ReadingsFiles([readings]))
        train(stack, laid, HOUR)
        settings = {
            **QUICK,
            "SENSOR_SCORING_LATE_MINUTES": "0.5",
            "SENSOR_SCORING_NOTIFY": "apprise",
            "AIRFLOW_CONN_APPRISE_DEFAULT": told.connection,
        }
        with running_cluster(stack, folder=root / "cluster", settings=settings) as cluster:
            yield stack, cluster


@pytest.fixture(scope="session")
def world(standing: tuple[Stack, Cluster], scorer: Obedient) -> Iterator[World]:
    """Open the web UI and let the DAGs run."""
    stack, cluster = standing
    key = AzureNamedKeyCredential(ACCOUNT, stack.batch.key)
    with BatchClient(stack.batch.endpoint, key) as batch, closing(cluster.client()) as web:
        for dag in (DAG, "example_consumer", "example_containers"):
            until(partial(web.knows, dag))
            web.unpause(dag)
        # Unpausing starts a run for the hour that has just ended; it has no readings.
        until(lambda: any(run["state"] == "success" for run in web.runs(DAG)))
        yield World(stack, cluster, web, scorer, batch)
