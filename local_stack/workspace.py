"""The data folders of local runs, ignored by git, and the lock that one run holds on them."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from ingest.simulator import Fleet
from local_stack.bootstrap import DATA, LOCAL, ROOT, SCORER
from local_stack.services.processes import StackError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ingest.files.readings_files import ReadingsFiles
    from scoring_contract.hour import RunHour

RESULTS = (ROOT if DATA == LOCAL else DATA) / "runs"
"""Folder with the results of runs."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """Folders of one source of readings; the sensors of different sources never mix.

    :param root: folder of all data that is kept between runs
    :param results: folder with the results
    """

    root: Path
    results: Path

    @classmethod
    def of_files(cls, readings: ReadingsFiles) -> Self:
        """Return the workspace of files; those with the same content, read in the same way, share one."""
        return cls(DATA / "worlds" / readings.digest()[:12], RESULTS)

    @classmethod
    def of_simulation(cls, fleet: Fleet) -> Self:
        """Return the workspace of a simulated fleet."""
        return cls(DATA / "worlds" / f"simulated{_size_of(fleet)}", RESULTS)

    @classmethod
    def of_events(cls, fleet: Fleet) -> Self:
        """Return the workspace of the events that a simulated fleet sends."""
        return cls(DATA / "worlds" / f"events{_size_of(fleet)}", RESULTS)

    @property
    def blobs(self) -> Path:
        """Azurite's data."""
        return self.root / "blobs"

    @property
    def nodes(self) -> Path:
        """Files of the emulated nodes."""
        return self.root / "nodes"

    @property
    def airflow(self) -> Path:
        """Airflow's home folder."""
        return DATA / "airflow"

    @property
    def scorer(self) -> Path:
        """Environment that replaces the scoring image."""
        return SCORER

    @property
    def logs(self) -> Path:
        """Output of the parts of the stack."""
        return self.root / "logs"

    def results_of(self, hour: RunHour) -> Path:
        """Return the folder with the results of an hour."""
        return self.results / str(hour)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock of this checkout; the file names the process that holds it.

        :raises StackError: if another run holds it
        """
        DATA.mkdir(parents=True, exist_ok=True)
        with (DATA / "lock").open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                raise StackError(
                    f"process {file.read()} of another make command uses the data of this checkout; "
                    "wait until it ends, or stop it: make down for make up, Ctrl-C for make run"
                ) from None
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield


def _size_of(fleet: Fleet) -> str:
    return "" if fleet == Fleet() else f"-{fleet.devices}x{fleet.tags}"
