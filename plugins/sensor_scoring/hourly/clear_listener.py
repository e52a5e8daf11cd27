"""Clears whatever follows scoring when a person clears sensors, so that the run ends with a new verdict.

Airflow clears what a person ticks. With *Only failed*, or without *Downstream*, the summary, the alert and
the verdict of before would stand beside sensors that are well by now. The scheduler calls this when it starts
a run; see ``docs/decisions/0006-a-clear-ends-in-a-new-verdict.md``.

A module of functions, as Airflow wants its listeners. Nothing is imported before a run was cleared: every
Airflow process loads this.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from airflow.listeners import hookimpl

from sensor_scoring.hourly.names import DAG_ID, SCORE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance
    from sqlalchemy.orm import Session

log = logging.getLogger(__name__)


@hookimpl
def on_dag_run_running(dag_run: DagRun, msg: str) -> None:  # noqa: ARG001  Airflow's signature
    """Clear what follows scoring in a run that was cleared; other runs and DAGs are left alone."""
    if dag_run.dag_id != DAG_ID or not dag_run.clear_number:
        return
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.orm import object_session

    session = object_session(dag_run)
    if session is None:
        return
    try:
        _clear_what_follows(dag_run, session)
    except SQLAlchemyError:
        # Airflow logs what a listener raises and goes on, which a transaction that has failed does not
        # allow: the scheduler would end. So this look of it is undone; in the next one it starts the run.
        session.rollback()
        raise


def _clear_what_follows(dag_run: DagRun, session: Session) -> None:
    from airflow.models.taskinstance import clear_task_instances

    if dag_run.dag is None:
        return
    after = dag_run.dag.get_task(SCORE).get_flat_relative_ids(upstream=False)
    stale = stale_among(dag_run.get_task_instances(session=session), after)
    if not stale:
        return
    log.info("%s was cleared: %s run again", dag_run.run_id, ", ".join(sorted(ti.task_id for ti in stale)))
    # The scheduler commits, and nobody else may: it takes the end of a savepoint for a commit too.
    clear_task_instances(stale, session, dag_run_state=False)


def stale_among(instances: Iterable[TaskInstance], after: Iterable[str]) -> list[TaskInstance]:
    """Return the instances that have ended and follow scoring, if a sensor is to be scored again."""
    found, followers = list(instances), frozenset(after)
    if not any(ti.task_id == SCORE and ti.state is None for ti in found):
        return []
    return [ti for ti in found if ti.task_id in followers and ti.state in _ENDED]


_ENDED = frozenset({"success", "failed", "upstream_failed", "skipped"})
