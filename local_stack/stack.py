"""All parts of the local stack together, started in order and stopped in reverse."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_stack.airflow import SCORING_IMAGE, LocalAirflow
from local_stack.azurite import running_azurite
from local_stack.bootstrap import python_of
from local_stack.emulator import running_emulator
from local_stack.processes import StackError
from scoring_contract.access import variable_of
from scoring_contract.invocation import ExitCode
from scoring_contract.layout import Container

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from local_stack.azurite import BlobStorage
    from local_stack.emulator import BatchAccount
    from local_stack.workspace import Workspace
    from scoring_contract.hour import RunHour


@dataclass(frozen=True, slots=True)
class Stack:
    """A running stack."""

    workspace: Workspace
    storage: BlobStorage
    batch: BatchAccount

    def airflow(self, settings: Mapping[str, str] | None = None, *, home: Path | None = None) -> LocalAirflow:
        """Return an Airflow that is connected to this stack, its database made.

        :param home: Airflow's home folder; the workspace's unless given
        """
        airflow = LocalAirflow(home or self.workspace.airflow, self.storage, self.batch, settings or {})
        airflow.migrate()
        return airflow

    def train(self, first: RunHour, until: RunHour) -> str:
        """Train a model for every sensor with readings, in the environment that also scores.

        Sensors that are refused are named on stderr; the others have their models.

        :param until: first hour that is not trained on
        :return: the training's closing line
        :raises StackError: with what it printed, if no model came out of it
        """
        words = ["-m", "scorer", "train", "--from", str(first), "--until", str(until)]
        done = subprocess.run(
            [python_of(self.workspace.scorer), *words],
            env={**os.environ, **self._training_access()},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == ExitCode.PARTLY_FAILED:  # who was refused must not keep the others from scoring
            print(done.stderr.rstrip(), file=sys.stderr)
        elif done.returncode:
            raise StackError(f"training failed with code {done.returncode}:\n{done.stdout}{done.stderr}")
        return (done.stdout.strip().splitlines() or [""])[-1]

    def _training_access(self) -> dict[str, str]:
        grants = {Container.DATA: "rl", Container.MODELS: "rcwl"}
        return {variable_of(name): self.storage.signed_url(name, letters) for name, letters in grants.items()}


@contextmanager
def running_stack(
    workspace: Workspace, *, scorer: Path | None = None, emulator_options: Sequence[str] = ()
) -> Iterator[Stack]:
    """Run Azurite and the Batch emulator.

    :param scorer: environment that stands for the scoring image; the workspace's unless given
    :param emulator_options: more words of the emulator's command line
    """
    images = {SCORING_IMAGE: scorer or workspace.scorer}
    with (
        running_azurite(workspace.blobs, log=workspace.logs / "azurite.log") as storage,
        running_emulator(
            workspace.nodes, log=workspace.logs / "batch.log", images=images, options=emulator_options
        ) as batch,
    ):
        yield Stack(workspace, storage, batch)
