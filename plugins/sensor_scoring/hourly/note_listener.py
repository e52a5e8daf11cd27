"""Puts what the verdict says of a run into the run's note, which its page shows.

Airflow 3.3 gives a task no way to write a note: its own API for tasks knows none, and the public one asks
for a person's login. So the verdict leaves the note in an XCom, and the scheduler, which calls this when a
run has ended, puts it in its place. A note that a person has written stays.

A module of functions, as Airflow wants its listeners; it imports nothing before a run of ours ends.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from airflow.listeners import hookimpl

from sensor_scoring.hourly.names import DAG_ID, NOTE, VERDICT

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun


@hookimpl
def on_dag_run_success(dag_run: DagRun, msg: str) -> None:  # noqa: ARG001  Airflow's signature
    """Write the note of a run that ended well."""
    _write_note(dag_run)


@hookimpl
def on_dag_run_failed(dag_run: DagRun, msg: str) -> None:  # noqa: ARG001  likewise
    """Write the note of a run that did not."""
    _write_note(dag_run)


def _write_note(dag_run: DagRun) -> None:
    if dag_run.dag_id != DAG_ID:
        return
    from airflow.models.xcom import XComModel
    from sqlalchemy.orm import object_session

    session = object_session(dag_run)
    if session is None:
        return
    query = XComModel.get_many(run_id=dag_run.run_id, dag_ids=DAG_ID, task_ids=VERDICT, key=NOTE, limit=1)
    stored = session.scalar(query)
    if stored is None:
        return
    present = dag_run.dag_run_note
    if present is None or present.user_id is None:
        # The scheduler commits, and nobody else may.
        dag_run.note = _text(XComModel.deserialize_value(stored))


def _text(value: object) -> str:
    """Return the text of an XCom, which the API for tasks stores as a JSON text."""
    text = str(value)
    return str(json.loads(text)) if text.startswith('"') else text
