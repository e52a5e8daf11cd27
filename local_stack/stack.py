"""All parts of the local stack together, started in order and stopped in reverse."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_stack.airflow import SCORING_IMAGE, LocalAirflow
from local_stack.azurite import running_azurite
from local_stack.emulator import running_emulator
from local_stack.ports import ANY_PORTS, Ports
from local_stack.training import train_models

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
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

    def train(self, first: RunHour, until: RunHour, *, on_line: Callable[[str], None] | None = None) -> str:
        """Train a model for every sensor with readings, in the environment that also scores.

        :param until: first hour that is not trained on
        :param on_line: told each line that training prints, while it goes on
        :return: the training's closing line
        :raises StackError: with what it printed, if no model came out of it
        """
        return train_models(self.storage, self.workspace.scorer, first, until, on_line=on_line)


@contextmanager
def running_stack(
    workspace: Workspace,
    *,
    scorer: Path | None = None,
    emulator_options: Sequence[str] = (),
    ports: Ports = ANY_PORTS,
) -> Iterator[Stack]:
    """Run Azurite and the Batch emulator.

    :param scorer: environment that stands for the scoring image; the workspace's unless given
    :param emulator_options: more words of the emulator's command line
    :param ports: which to listen on
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
