"""Parts of our pages' addresses. Every Airflow process imports this, so it imports next to nothing."""

from __future__ import annotations

from urllib.parse import quote

BATCH_TASK_KEY = "_link_BatchTaskLink"
"""XCom of the address of the Batch task's page; its query says the ``item``."""


def path_part(text: str) -> str:
    """Quote a name to be one part of a path."""
    return quote(text, safe="")
