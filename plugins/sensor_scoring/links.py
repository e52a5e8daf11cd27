"""Links from a task instance to what it is about: pages of our own, see ``ui/``."""

from __future__ import annotations

from typing import Any

from airflow.sdk import BaseOperatorLink


class BatchTaskLink(BaseOperatorLink):
    """The Batch task."""

    name = "Batch task"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:  # noqa: ARG002  Airflow's signature
        """Return the page's address."""
        return ""


class StdoutLink(BatchTaskLink):
    """What it printed."""

    name = "stdout"


class PredictionsLink(BatchTaskLink):
    """What it predicted."""

    name = "Predictions"
