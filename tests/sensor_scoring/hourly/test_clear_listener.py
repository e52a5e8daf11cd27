"""What the scheduler does with cleared runs: its own functions on an Airflow database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from airflow import plugins_manager
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
from airflow.jobs.job import Job
from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
from airflow.listeners.listener import get_listener_manager
from airflow.models.dag import DagModel
from airflow.models.dagbag import DBDagBag
from airflow.models.taskinstance import TaskInstance, clear_task_instances
from airflow.models.xcom import XComModel
from airflow.utils.db import initdb
from airflow.utils.session import create_session
from airflow.utils.sqlalchemy import prohibit_commit
from airflow.utils.state import DagRunState
from airflow.utils.types import DagRunTriggeredByType, DagRunType
from sqlalchemy import text, update
from sqlalchemy.exc import OperationalError

from sensor_scoring.hourly import clear_listener, note_listener
from sensor_scoring.priority import NewestHourFirst

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow.models.dagrun import DagRun
    from sqlalchemy.orm import Session

DAGS = Path(__file__).parents[3] / "dags"
HOURLY, OTHER = "hourly_scoring", "train_models"
AFTER = {"confirm", "summarise", "alert", "verdict", "close"}
NUMBERS = count()


@pytest.fixture(scope="module")
def _database() -> Iterator[None]:
    """Create Airflow's tables and add our DAGs."""
    initdb()
    weights = {f"{NewestHourFirst.__module__}.{NewestHourFirst.__qualname__}": NewestHourFirst}
    with pytest.MonkeyPatch.context() as patch, create_session() as session:
        # What the plugin brings; loaded as a whole it would stay in this process for other tests.
        patch.setattr(plugins_manager, "get_priority_weight_strategy_plugins", lambda: weights)
        DagBundlesManager().sync_bundles_to_db(session=session)
        session.commit()
        sync_bag_to_db(DagBag(DAGS), "dags-folder", None, session=session)
        session.execute(update(DagModel).values(is_paused=False, max_active_runs=99))
        session.commit()
        yield


@pytest.fixture
def session(_database: None) -> Iterator[Session]:
    """Return the scheduler's session, with the plugin's listeners."""
    manager = get_listener_manager()
    manager.clear()
    for listener in (clear_listener, note_listener):
        manager.add_listener(listener)
    with create_session() as session:
        yield session
        session.rollback()
    manager.clear()


def a_run(session: Session, *, dag_id: str = HOURLY, score: str = "failed", state: str = "failed") -> DagRun:
    """Make a finished run: two sensors, one in the given state, and everything else successful."""
    dag = DBDagBag().get_latest_version_of_dag(dag_id, session=session)
    assert dag is not None
    number = next(NUMBERS)
    start = datetime(2018, 8, 29, tzinfo=UTC) + timedelta(hours=number)
    run: DagRun = dag.create_dagrun(
        run_id=f"manual__{number}",
        logical_date=start,
        data_interval=(start, start),
        run_after=start,
        run_type=DagRunType.MANUAL,
        triggered_by=DagRunTriggeredByType.TEST,
        state=DagRunState(state),
        session=session,
    )
    for ti in run.get_task_instances(session=session):
        ti.state = "success"
        if ti.task_id == "score":
            ti.map_index = 0
            task, version = dag.get_task("score"), ti.dag_version_id
            other = TaskInstance(task, run_id=run.run_id, map_index=1, dag_version_id=version)
            other.state = score
            session.add(other)
    session.commit()
    return run


def cleared(session: Session, run: DagRun, *tasks: str, states: tuple[str, ...] = ("failed",)) -> None:
    """Clear instances as the API does."""
    found = run.get_task_instances(session=session)
    clear_task_instances([ti for ti in found if ti.task_id in tasks and ti.state in states], session)
    session.commit()


def started(session: Session) -> None:
    """Let the scheduler start queued runs, as its loop does."""
    with prohibit_commit(session) as guard:
        SchedulerJobRunner(Job())._start_queued_dagruns(session)
        guard.commit()


def states(session: Session, run: DagRun) -> dict[str, str | None]:
    """Return the states of a run's instances."""
    session.expire_all()
    found = run.get_task_instances(session=session)
    return {f"{ti.task_id}{'' if ti.map_index < 0 else ti.map_index}": ti.state for ti in found}


def waiting(session: Session, run: DagRun) -> set[str]:
    """Return the tasks that are to run."""
    return {name for name, state in states(session, run).items() if state is None}


@pytest.mark.behaviour("old-summary", "cleared")
def test_what_follows_scoring_runs_again_when_a_sensor_does(session: Session) -> None:
    """Neither the other sensor nor earlier steps are cleared with it."""
    run = a_run(session)
    cleared(session, run, "score")
    assert waiting(session, run) == {"score1"}
    started(session)
    assert run.state == "running"
    assert waiting(session, run) == {"score1", *AFTER}
    assert run.clear_number == 1, "one clear, however much it took: the summary knows by it how old it is"


def test_a_run_in_which_no_sensor_is_scored_again_is_left_alone(session: Session) -> None:
    """Somebody may clear just the alert to get it again."""
    run = a_run(session, score="success", state="success")
    cleared(session, run, "alert", states=("success",))
    started(session)
    assert waiting(session, run) == {"alert"}


def test_a_run_that_nobody_cleared_is_left_alone(session: Session) -> None:
    """All its instances are to run anyway, and the listener must not add a query to every run."""
    run = a_run(session, state="queued")
    before = states(session, run)
    started(session)
    assert (run.state, states(session, run)) == ("running", before)


def test_another_dag_is_left_alone(session: Session) -> None:
    """Even if its tasks have the same names."""
    run = a_run(session, dag_id=OTHER)
    plan = run.get_task_instance("plan", session=session)
    assert plan is not None
    plan.state = "failed"
    cleared(session, run, "plan")
    started(session)
    assert waiting(session, run) == {"plan"}


def test_a_run_that_is_cleared_while_it_runs_waits_for_no_listener(session: Session) -> None:
    """The scheduler does not restart it; the number of clears shows that its summary is outdated."""
    run = a_run(session, state="running")
    cleared(session, run, "score")
    started(session)
    assert waiting(session, run) == {"score1"}
    assert run.clear_number == 1


def test_what_a_process_without_the_plugin_leaves_is_as_airflow_has_it(session: Session) -> None:
    """Only what was ticked is cleared, and the number of clears makes the verdict look again."""
    get_listener_manager().clear()
    run = a_run(session)
    cleared(session, run, "score")
    started(session)
    assert (run.state, waiting(session, run), run.clear_number) == ("running", {"score1"}, 1)


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(lambda _session: 1 / 0, id="a-bug"),
        pytest.param(lambda session: session.execute(text("select nothing from nowhere")), id="the-database"),
    ],
)
def test_a_failing_listener_stops_neither_the_scheduler_nor_the_run(
    session: Session, monkeypatch: pytest.MonkeyPatch, failure: Any
) -> None:
    """The run starts no later than at the next look, and so does another that waits."""
    run, other = a_run(session), a_run(session, state="queued")
    cleared(session, run, "score")
    fail_first = iter([True])

    def stale(*args: Any) -> Any:
        if next(fail_first, False):
            failure(session)
        return found(*args)

    found = clear_listener.stale_among
    monkeypatch.setattr(clear_listener, "stale_among", stale)
    started(session)
    started(session)
    assert (run.state, other.state) == ("running", "running")


def test_a_flush_that_fails_leaves_the_scheduler_a_session_that_works(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Airflow logs a deadlock with another clear and goes on; without a rollback, its transaction is dead."""
    run = a_run(session)
    cleared(session, run, "score")

    def deadlock(*_: Any, **__: Any) -> None:
        raise OperationalError("update task_instance", {}, Exception("deadlock detected"))

    with monkeypatch.context() as patch:
        patch.setattr("airflow.models.taskinstance.clear_task_instances", deadlock)
        started(session)
    assert run.state == "queued", "all that the scheduler had not committed is undone; it looks again"
    started(session)
    assert run.state == "running"
    assert waiting(session, run) == {"score1", *AFTER}


def test_the_note_is_what_the_verdict_left(session: Session) -> None:
    """Also after a run ends again; a note that a person wrote stays."""
    run = a_run(session, score="success", state="running")
    for said in ("2018-08-29T02: 1 failed", "2018-08-29T02: 2 scored"):
        XComModel.set(
            key="note", value=said, dag_id=HOURLY, task_id="verdict", run_id=run.run_id, session=session
        )
        run.update_state(session=session)
        assert (run.state, run.note) == ("success", said)


def test_a_run_without_a_verdict_has_no_note(session: Session) -> None:
    """Nor has a run of another DAG."""
    for dag_id in (HOURLY, OTHER):
        run = a_run(session, dag_id=dag_id, score="success", state="running")
        run.update_state(session=session)
        assert run.note is None
