"""Starts the parts of the local stack in order, and stops them in reverse."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_stack.airflow.local import SCORING_IMAGE, LocalAirflow
from local_stack.services.azurite import running_azurite
from local_stack.services.emulator import running_emulator
from local_stack.services.ports import ANY_PORTS, Ports
from local_stack.training import train_models

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from local_stack.services.azurite import BlobStorage
    from local_stack.services.emulator import BatchAccount
    from local_stack.workspace import Workspace
    from scoring_contract.hour import RunHour


@dataclass(frozen=True, slots=True)
class Stack:
    """A running stack."""

    workspace: Workspace
    storage: BlobStorage
    batch: BatchAccount

    def airflow(self, settings: Mapping[str, str] | None = None, *, home: Path | None = None) -> LocalAirflow:
        """Return an Airflow with connections to this stack, after migrating its database.

        :param settings: additional environment variables
        :param home: Airflow's home folder; by default the workspace's
        :raises StackError: if the migration fails
        """
        airflow = LocalAirflow(home or self.workspace.airflow, self.storage, self.batch, settings or {})
        airflow.migrate()
        return airflow

    def train(
        self,
        first: RunHour,
        until: RunHour,
        *,
        on_line: Callable[[str], None] | None = None,
        on_refused: Callable[[str], None] | None = None,
    ) -> str:
        """Train a model for every sensor with readings, in the scorer's environment.

        :param first: first hour to train on
        :param until: first hour after the training hours
        :param on_line: called with each line that training prints
        :param on_refused: called with the lines about sensors that cannot be trained
        :return: the last line that training printed
        :raises StackError: with the output, if no model could be trained
        """
        scorer = self.workspace.scorer
        return train_models(self.storage, scorer, first, until, on_line=on_line, on_refused=on_refused)


@contextmanager
def running_stack(
    workspace: Workspace,
    *,
    scorer: Path | None = None,
    emulator_options: Sequence[str] = (),
    ports: Ports = ANY_PORTS,
) -> Iterator[Stack]:
    """Run Azurite and the Batch emulator.

    :param scorer: environment that replaces the scoring image; by default the workspace's
    :param emulator_options: additional arguments of the emulator
    :param ports: ports to listen on
    :raises StackError: if a part does not start
    """
    images = {SCORING_IMAGE: scorer or workspace.scorer}
    with (
        running_azurite(
            workspace.blobs, log=workspace.logs / "azurite.log", port=ports.of("azurite")
        ) as storage,
        running_emulator(
            workspace.nodes,
            log=workspace.logs / "batch.log",
            images=images,
            options=emulator_options,
            port=ports.of("batch-emulator"),
        ) as batch,
    ):
        yield Stack(workspace, storage, batch)
