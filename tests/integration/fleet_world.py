"""A small fleet with a history, in a standing Airflow: what the fleet page shows and repairs."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential

from ingest.loader import lay_out
from ingest.simulator import SOURCE, Fleet
from local_stack.airflow.cluster import USER, running_cluster
from local_stack.services.emulator import ACCOUNT
from local_stack.stack import running_stack
from local_stack.workspace import Workspace
from scoring_contract.hour import RunHour
from scoring_contract.layout import Container
from scoring_contract.sensor_names import sensor_id_of
from tests.integration.world import DAG, World, an_altered_model
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ingest.reading import Reading
    from tests.integration.conftest import Obedient

FIRST, TRAINED_UNTIL = RunHour.parse("2026-01-05T03"), RunHour.parse("2026-01-05T05")
REPAIRED, GAP, GREEN, RED = (RunHour.parse(f"2026-01-05T0{hour}") for hour in range(6, 10))
"""Hours with readings: one that is failed and repaired, one that no run has scored, two that runs have."""
VIEWER = "viewer"
MARKUP = "<img src=x onerror=alert(1)>"
"""The name of a tag."""
HOSTILE, SILENT, FAILING = sensor_id_of("2", MARKUP), "2_2", "1_2"


def readings() -> Iterator[Reading]:
    """Yield the readings of six sensors, one of them silent from ``GREEN`` on, one with a hostile name."""
    count = int((RED.end - FIRST.start).total_seconds()) // 3600
    for reading in Fleet(devices=2, tags=3).readings(FIRST, count, anomalous=(GAP, GREEN, RED)):
        pair = reading.device, reading.tag
        if pair == ("2", "3"):
            yield replace(reading, tag=MARKUP)
        elif pair != ("2", "2") or reading.moment < GREEN.start:
            yield reading


def a_red_run(world: World, hour: RunHour) -> str:
    """Score an hour while a sensor's model is altered; the model is whole again afterwards."""
    with an_altered_model(world.stack, FAILING):
        run = world.web.trigger(DAG, hour=str(hour))
        assert world.wait(run) == "failed"
    return run


@contextmanager
def a_fleet(root: Path, scorer: Obedient, settings: Mapping[str, str]) -> Iterator[World]:
    """Run a stack and an Airflow with an administrator and a viewer, and score two hours.

    :param root: for its files
    :param settings: of Airflow
    """
    users = {"AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin,{VIEWER}:viewer"}
    with running_stack(Workspace(root, root / "results"), scorer=scorer.prefix) as stack:
        lay_out(readings(), stack.storage.container(Container.DATA), source=SOURCE)
        stack.train(FIRST, TRAINED_UNTIL)
        key = AzureNamedKeyCredential(ACCOUNT, stack.batch.key)
        with (
            running_cluster(stack, folder=root / "cluster", settings={**settings, **users}) as cluster,
            BatchClient(stack.batch.endpoint, key) as batch,
            closing(cluster.client()) as web,
        ):
            world = World(stack, cluster, web, scorer, batch)
            until(lambda: web.knows(DAG))
            web.unpause(DAG)
            assert world.wait(web.trigger(DAG, hour=str(GREEN))) == "success"
            a_red_run(world, RED)
            yield world
