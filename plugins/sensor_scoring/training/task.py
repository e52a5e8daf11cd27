"""The Batch task that trains: the operators' arguments for the scorer, from settings and contract."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from scoring_contract.access import variable_of
from scoring_contract.layout import Container
from scoring_contract.messages.invocation import PROGRAM, TrainInvocation
from sensor_scoring.hourly.task import REPORT_BLOB, score_task

if TYPE_CHECKING:
    from sensor_scoring.hourly.task import BatchTaskArguments
    from sensor_scoring.settings import Settings

ORDER_BLOB = "{run}/orders/{item}.json"
"""As :func:`scoring_contract.layout.order_blob`, with the operators' placeholders."""


def train_task(settings: Settings) -> BatchTaskArguments:
    """Return the arguments that submission and training share."""
    invocation = TrainInvocation(order=ORDER_BLOB, report=REPORT_BLOB)
    arguments = score_task(settings)
    arguments["command"] = [*PROGRAM, *invocation.to_argv()]
    # Models are written, and readings are of many hours, most of them seen once: no mount.
    arguments["environment"] = {}
    # The order names every blob, and the registry is for the orchestrator alone to change.
    arguments["containers"] = {
        variable_of(Container.DATA): f"{settings.containers.data_container}:r",
        variable_of(Container.MODELS): f"{settings.containers.models_container}:rw",
        variable_of(Container.RUNS): f"{settings.containers.runs_container}:rw",
    }
    # Readings are of many hours, and the name of a new model has its digest: both need their whole container.
    arguments["blobs"] = {variable_of(Container.RUNS): {ORDER_BLOB: "r", REPORT_BLOB: "w"}}
    arguments["max_wall_clock"] = timedelta(minutes=settings.training.train_task_minutes)
    return arguments
