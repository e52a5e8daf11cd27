"""The demo of ``docker-compose.yaml``: a simulated fleet that sends readings, and its day, which is scored.

``python -m local_stack.fleet.demo_container FOLDER`` goes on until it is stopped, with its state in a folder.
With ``--end`` the fleet ends, before people load their own readings, and the demo removes what was found in
it.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from local_stack.airflow.client import AirflowClient
from local_stack.fleet.demo import Demo
from local_stack.fleet.live_fleet import LiveFleet
from local_stack.fleet.turns import BEAT_SECONDS, BRIEFLY_SECONDS, FleetTurns, say
from local_stack.services.blob_account import BlobAccount
from local_stack.training import train_models
from scoring_contract.hour import RunHour
from scoring_contract.layout import Container
from sensor_scoring.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BLOBS = "http://azurite:10000/devstoreaccount1"
AIRFLOW = "http://api-server:8080"
SCORER = Path("/opt/scoring")
_USER, _STATE = "admin", "demo.json"
_WHERE = """\
Airflow: http://localhost:8080   user admin   password: AIRFLOW_ADMIN_PASSWORD in .env
The fleet, sensor by sensor and hour by hour: http://localhost:8080/plugin/fleet
For your own readings: docs/run.md, In containers."""


@dataclass(frozen=True, slots=True)
class Training:
    """Training of the fleet's first models, in the scorer's environment.

    :param storage: holds readings and models
    :param scorer: the environment
    """

    storage: BlobAccount
    scorer: Path

    def train(self, first: RunHour, until: RunHour) -> str:
        """Train on hours with readings; return the closing line."""
        return train_models(self.storage, self.scorer, first, until)


def main(argv: Sequence[str]) -> int:
    """Go on with the demo, or end its fleet; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m local_stack.fleet.demo_container")
    parser.add_argument("folder", type=Path, help="keeps the state of the demo")
    parser.add_argument("--end", action="store_true", help="end the simulated fleet")
    order = parser.parse_args(argv)
    storage, state = storage_of(os.environ), order.folder / _STATE
    fleet = LiveFleet(storage, ended=order.folder / "ended")
    if not order.end:
        _serve(state, storage, fleet)
    if not state.exists():
        # Sensors with the names of the fleet's are people's own.
        say("no fleet has been simulated here: nothing has changed")
        return 0
    gone = fleet.end()
    say(f"the simulated fleet has ended: {len(gone)} sensors are no longer in the registry of models")
    return 0


def _serve(state: Path, storage: BlobAccount, fleet: LiveFleet) -> NoReturn:
    now = datetime.now(UTC)
    demo = demo_of(state, fleet, storage, now=now)
    if demo is None or demo.is_over:
        say("no fleet is simulated beside your own readings: remove demo from COMPOSE_PROFILES in .env")
        _wait_to_be_stopped()
    if demo.is_coming:
        fleet.day = demo.day
    fleet.begin(Training(storage, SCORER), now=now)
    print(_WHERE, flush=True)
    user = (_USER, os.environ["AIRFLOW_ADMIN_PASSWORD"])
    _go_on(FleetTurns(fleet, demo, lambda: AirflowClient(AIRFLOW, user=user, patience=BRIEFLY_SECONDS)))


def storage_of(environ: Mapping[str, str]) -> BlobAccount:
    """Return the storage account, whose containers have the names of the settings."""
    names = Settings.from_environ(environ).containers
    renamed: dict[str, str] = {container: names.name_of(container) for container in Container}
    return BlobAccount(BLOBS, environ["BLOB_ACCOUNT_KEY"], renamed=renamed)


def demo_of(file: Path, fleet: LiveFleet, storage: BlobAccount, *, now: datetime) -> Demo | None:
    """Return the demo; None if people have brought readings or models before it began.

    :param file: keeps its state
    """
    with closing(storage.container(Container.DATA)) as data:
        is_new = fleet.is_new and next(iter(data.list_blob_names()), None) is None
    return Demo.of(file, new=RunHour.containing(now).previous if is_new else None)


def _go_on(turns: FleetTurns) -> NoReturn:
    while True:
        turns.take()
        time.sleep(BEAT_SECONDS)


def _wait_to_be_stopped() -> NoReturn:
    """Do nothing: a container that ended would be restarted."""
    while True:
        signal.pause()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
