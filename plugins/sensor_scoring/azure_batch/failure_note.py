"""Why a step failed: said first in its log, and left where the steps that tell people find it."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from scoring_contract.errors import ContractError
from sensor_scoring.errors import ScoringError

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger(__name__)

FAILURE = "failure"
"""Key of the XCom: ``item``, what failed, and ``reason``, a sentence."""
_LONGEST = 1000
"""Characters of a reason; services quote whole pages at times."""


@contextmanager
def failure_noted(ti: Any, *, item: str = "") -> Iterator[None]:
    """Say why a task instance fails and note it, should it fail; the error goes on to Airflow.

    Airflow logs its traceback, at whose end nobody looks: our sentence stands before it.

    :param ti: the task instance
    :param item: what fails; the task itself if not given
    :raises Exception: the error that the block raises
    """
    try:
        yield
    except Exception as error:
        item, reason = item or str(ti.task_id), sentence_of(error)
        log.error("%s failed: %s", item, reason)  # noqa: TRY400  the traceback comes from Airflow
        _note_failure(ti, item=item, reason=reason)
        raise


def _note_failure(ti: Any, *, item: str, reason: str) -> None:
    """Leave the reason of a failure; if that is not possible, the log has it."""
    try:
        ti.xcom_push(key=FAILURE, value={"item": item, "reason": reason})
    except Exception:  # the failure itself must not be hidden by one of its note
        log.exception("Why %s failed could not be noted", item)


def sentence_of(error: Exception) -> str:
    """Return what an error says in one line; with its class unless it is written for people."""
    said = " ".join(str(getattr(error, "reason", "") or error).split())[:_LONGEST]
    if isinstance(error, (ScoringError, ContractError)) and said:
        return said
    return ": ".join(filter(None, (type(error).__name__, said)))
