"""Links that the api-server derives from another, when a person opens the task instance.

What a worker gives costs each of a run's instances an XCom, whoever looks: it gives one, "Batch task", and
the plugin adds these. Airflow finds them by the operator's name: a subclass has the one, whose page leads on.

Every Airflow process imports this, so it imports next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from airflow.sdk import BaseOperatorLink

from sensor_scoring.azure_batch.addresses import BATCH_TASK_KEY, path_part

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator


class StdoutLink(BaseOperatorLink):
    """Link to the output of the Batch task."""

    name = "stdout"

    @property
    def operators(self) -> list[type[BaseOperator]]:  # type: ignore[override]  # imported late
        """The operators that have it."""
        from sensor_scoring.azure_batch.operators import AzureBatchTaskOperator
        from sensor_scoring.hourly.operator import SensorScoringOperator

        return [AzureBatchTaskOperator, SensorScoringOperator]

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the address; empty if this try never came to know its Batch task."""
        address = urlsplit(batch_task_page(operator, ti_key))
        return f"{address.path}/files/stdout.txt" if address.path else ""


class PredictionsLink(BaseOperatorLink):
    """Link to the predictions of a Batch task that scores a group of a plan."""

    name = "Predictions"

    @property
    def operators(self) -> list[type[BaseOperator]]:  # type: ignore[override]  # as above
        """The operator that has it."""
        from sensor_scoring.hourly.operator import SensorScoringOperator

        return [SensorScoringOperator]

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the address; empty if this try never came to know its Batch task."""
        address = urlsplit(batch_task_page(operator, ti_key))
        items = parse_qs(address.query).get("item")
        job = address.path.rpartition("/batch-tasks/")[0]
        return f"{job}/predictions/{path_part(items[0])}" if items else ""


def batch_task_page(operator: Any, ti_key: Any) -> str:
    """Return the address that the worker gave; empty if it gave none."""
    from airflow.serialization.definitions.operatorlink import XComOperatorLink

    return XComOperatorLink(name="Batch task", xcom_key=BATCH_TASK_KEY).get_link(operator, ti_key=ti_key)
