"""Why a step failed, left where the steps that tell people find it: an XCom of the one that failed."""

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
def failure_noted(ti: Any) -> Iterator[None]:
    """Note why a task instance fails, should it fail; the error goes on to Airflow.

    :param ti: the task instance
    """
    try:
        yield
    except Exception as error:
        note_failure(ti, item=str(ti.task_id), reason=sentence_of(error))
        raise


def note_failure(ti: Any, *, item: str, reason: str) -> None:
    """Leave the reason of a failure; if that is not possible, the log has it."""
    try:
        ti.xcom_push(key=FAILURE, value={"item": item, "reason": reason})
    except Exception:  # the failure itself must not be hidden by one of its note
        log.exception("Why %s failed could not be noted", item)


def sentence_of(error: Exception) -> str:
    """Return what an error says in one line; with its class unless it is written for people."""
    said = " ".join(str(error).split())[:_LONGEST]
    if isinstance(error, (ScoringError, ContractError)) and said:
        return said
    return ": ".join(filter(None, (type(error).__name__, said)))
