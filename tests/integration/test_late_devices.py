"""Devices that are late, from their events to their predictions, in a running Airflow."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from io import StringIO
from typing import TYPE_CHECKING

import pytest

from azure_event_hubs_emulator.hubs import HubSpec
from azure_event_hubs_emulator.server import EventHubsServer
from ingest.devices.disturbances import Disturbances
from ingest.devices.fleet_source import FleetSource
from ingest.devices.hub_sender import HubSender
from ingest.devices.outage import Outage
from ingest.devices.schedule import Chunks, in_order_of_arrival
from ingest.event_hub import CONNECTION_VARIABLE, Producers, address_of
from ingest.loader import lay_out
from ingest.progress_line import ProgressLine
from ingest.simulator import Fleet
from local_stack.airflow.cluster import running_cluster
from local_stack.fleet.live_ingest import ensure_packs, environ_of
from local_stack.fleet.minute_averages import averages_of
from local_stack.services.event_hub import EventHub
from local_stack.stack import running_stack
from local_stack.workspace import Workspace
from scoring_contract.hour import RunHour
from scoring_contract.layout import Container
from sensor_scoring.settings import Settings
from tests.integration.terminal import Terminal
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from local_stack.stack import Stack

DAG = "hourly_scoring"
HOUR = RunHour.parse("2026-01-05T09")
FLEET = Fleet(devices=3, tags=1)
LATE = Disturbances(late={"2": timedelta(minutes=4), "3": timedelta(minutes=10)})
"""Device 1 is on time."""
LATENESS = Settings().hourly.lateness

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(3600)]


class Devices:
    """The fleet, whose events arrive in their time; and the job that averages them.

    :param stack: receives the averages
    """

    def __init__(self, hub: EventHubsServer, stack: Stack, state: Path) -> None:
        connection = f"{hub.connection_string()};EntityPath=sensors"
        self._state = state
        self._environ = environ_of(EventHub(connection, 0), stack.storage)
        readings = FleetSource(FLEET, HOUR.start, 2).readings(HOUR.start)
        arriving = in_order_of_arrival(readings, lambda measured: LATE.dispatches(measured, HOUR.start))
        self._chunks = Chunks(arriving, span=timedelta(minutes=1))

    def let_arrive(self, until: datetime) -> None:
        """Send what arrives by a moment, and run the job on it."""
        asyncio.run(self._send(until))
        words = ["--until-end", "--clock", "events", "--state", str(self._state)]
        command = [sys.executable, "-m", "ingest", "stream", "--event-hub", *words]
        subprocess.run(command, env=self._environ, check=True, capture_output=True)

    async def _send(self, until: datetime) -> None:
        producers = Producers(address_of({CONNECTION_VARIABLE: self._environ[CONNECTION_VARIABLE]}))
        outage = Outage(StringIO(), ProgressLine(StringIO()))
        sender = HubSender(producers.new, stop=asyncio.Event(), outage=outage, keep_arrival=True)
        while chunk := self._chunks.take(until):
            await sender.send(chunk)
        await sender.close()
        await producers.close()


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """Run a stack with models of the fleet, and an Airflow; as ever, its settings are the defaults."""
    first = RunHour(HOUR.start - timedelta(hours=2))
    with running_stack(Workspace(tmp_path, tmp_path / "results")) as stack:
        history = averages_of(FLEET.readings(first, 2, anomalous=[]))
        lay_out(history, stack.storage.container(Container.DATA), source="simulated")
        stack.train(first, HOUR)
        ensure_packs(stack.storage)
        with (
            running_cluster(stack, folder=tmp_path / "cluster") as cluster,
            closing(cluster.client()) as web,
        ):
            until(lambda: web.knows(DAG))
            web.unpause(DAG)
            # Unpausing starts a run for the hour that has just ended; it has no readings.
            until(lambda: any(run["state"] == "success" for run in web.runs(DAG)))
            yield Terminal(stack, cluster, web)


def minutes(terminal: Terminal, sensor: str) -> list[int]:
    """Return the minutes of a sensor that have a prediction."""
    return [int(row[14:16]) for row in terminal.predictions(HOUR, sensor).splitlines()[1:]]


@pytest.mark.behaviour("late-readings", "devices-late")
def test_a_device_inside_the_wait_is_scored_and_a_later_one_is_mended(
    terminal: Terminal, tmp_path: Path
) -> None:
    """Four minutes late, it misses nothing; ten minutes late, the printed command scores what came later."""
    with EventHubsServer(
        data=tmp_path / "hub", hubs=(HubSpec("sensors", 4),), arrivals_by_events=True
    ) as hub:
        devices = Devices(hub, terminal.stack, tmp_path / "job")
        devices.let_arrive(HOUR.end + LATENESS)
        terminal.web.trigger(DAG, hour=str(HOUR))
        terminal.settle()
        assert minutes(terminal, "1_1") == minutes(terminal, "2_1") == list(range(60))
        scored = minutes(terminal, "3_1")
        assert scored == list(range(len(scored)))
        assert 50 < len(scored) < 56, "it is ten minutes behind, five of which were waited for"

        devices.let_arrive(HOUR.end + timedelta(minutes=30))
    code, printed = terminal.missing(HOUR, HOUR.next)
    assert code == 1
    assert "1 sensor with readings newer than their predictions (3_1)" in printed
    assert len(terminal.paste(printed)) == 1
    terminal.settle()
    assert minutes(terminal, "3_1") == list(range(60))
    assert terminal.missing(HOUR, HOUR.next)[0] == 0
