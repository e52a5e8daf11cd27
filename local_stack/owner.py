"""The process that runs the parts of the stack that stays running, until it is stopped."""

from __future__ import annotations

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NoReturn

from local_stack.airflow.cluster import USER, running_cluster
from local_stack.fleet.demo import Demo
from local_stack.fleet.kept_hours import last_hour
from local_stack.fleet.live_fleet import LiveFleet
from local_stack.fleet.live_ingest import account_of, leading_airflow, running_ingest
from local_stack.fleet.turns import BEAT_SECONDS, BRIEFLY_SECONDS, FleetTurns, say
from local_stack.services.ports import Ports
from local_stack.services.private_files import UMASK, private_folder, write_private
from local_stack.services.processes import started
from local_stack.services.remains import record_family
from local_stack.services.supervisor import Supervisor
from local_stack.stack import running_stack
from local_stack.standing import FAMILY, STATE, Standing, fleet_ended, workspace
from scoring_contract.hour import RunHour
from scoring_contract.layout import Container

if TYPE_CHECKING:
    from local_stack.airflow.cluster import Cluster
    from local_stack.services.processes import Server
    from local_stack.stack import Stack

_AIRFLOWS = ("AIRFLOW", "SENSOR_SCORING_")
_PACKED = "SENSOR_SCORING_BACKFILL_SENSORS_PER_TASK"


def serve(*, ingest: bool = False, wants_demo: bool = True) -> None:
    """Run the parts until the process is stopped.

    :param ingest: whether the simulated fleet sends events
    :param wants_demo: whether the fleet of a new stack has a day behind it, which is scored
    :raises StackError: if a part does not start, or another run uses the workspace
    """
    # Airflow writes the password of the web UI with the default mode.
    os.umask(UMASK)
    ours = workspace()
    private_folder(ours.root)
    with ours.locked(), ExitStack() as parts:
        ports = Ports(ours.root / "ports.json")
        stack = parts.enter_context(running_stack(ours, ports=ports))
        fleet = LiveFleet(stack.storage, ended=fleet_ended(), sends_events=ingest)
        now, is_new = datetime.now(UTC), fleet.is_new
        last = RunHour.containing(now).previous
        demo = Demo.of(ours.root / "demo.json", new=last if is_new else None, is_wanted=wants_demo)
        if demo and demo.is_coming:
            fleet.day = demo.day
        settings = _settings(demo) | (leading_airflow(ours, ports) if ingest else {})
        with ThreadPoolExecutor(1) as aside:
            # A new fleet is trained while Airflow starts, on one core for a while.
            begun = aside.submit(fleet.begin, stack, now=now)
            if not is_new:
                # A DAG that is on finds the hours that have ended meanwhile.
                begun.result()
            cluster = parts.enter_context(
                running_cluster(stack, folder=ours.root, settings=settings, ports=ports)
            )
            begun.result()
        devices = parts.enter_context(running_ingest(stack, ports)) if ingest else None
        events = str(account_of(ours)) if ingest else ""
        state = _state(stack, cluster, events=events, demo=demo)
        write_private(STATE, json.dumps(asdict(state), indent=2))
        parts.callback(STATE.unlink, missing_ok=True)
        # SIGTERM raises KeyboardInterrupt, here or anywhere above; the parts are stopped either way.
        with suppress(KeyboardInterrupt):
            _look_after(fleet, devices, demo, cluster)


def _state(stack: Stack, cluster: Cluster, *, events: str, demo: Demo | None) -> Standing:
    with closing(stack.storage.container(Container.DATA)) as data:
        hour = last_hour(data, now=datetime.now(UTC))
    environ = cluster.airflow.environ().items()
    return Standing(
        pid=os.getpid(),
        address=cluster.address,
        user=USER,
        password=cluster.password,
        hour=str(hour or ""),
        batch=stack.batch.endpoint,
        blobs=stack.storage.url,
        environ={name: value for name, value in environ if name.startswith(_AIRFLOWS)},
        events=events,
        day=str(demo.day.hours[0]) if demo and demo.is_coming else "",
        has_begun=demo is not None and demo.has_begun,
    )


def _settings(demo: Demo | None) -> dict[str, str]:
    """Return settings of Airflow's processes: nobody waits for a simulated day sensor by sensor."""
    return {_PACKED: os.environ.get(_PACKED, "15")} if demo and not demo.is_over else {}


def _look_after(fleet: LiveFleet, devices: Server | None, demo: Demo | None, cluster: Cluster) -> NoReturn:
    """Restart parts that end by themselves, and let the fleet send readings, until the process is stopped."""
    supervisor = Supervisor(say)
    turns = FleetTurns(fleet, demo, lambda: cluster.client(patience=BRIEFLY_SECONDS))
    while True:
        if devices is not None and not fleet.is_sending:
            devices.stop()
        if supervisor.look(started(), now=time.monotonic()):
            record_family(FAMILY, os.getpid())
        turns.take()
        time.sleep(BEAT_SECONDS)
