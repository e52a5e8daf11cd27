"""Ids in Azure Batch."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring_contract.hour import RunHour
from sensor_scoring.azure_batch import ids
from sensor_scoring.azure_batch.ids import AttemptId

HOUR = RunHour.parse("2018-08-29T02")
BATCH_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
GROUPS = st.text(alphabet=st.characters(codec="ascii", categories=("L", "N", "P")), min_size=1, max_size=64)


def test_two_runs_of_an_hour_never_share_a_base() -> None:
    """A backfill, a manual and a scheduled run of one hour have separate folders and jobs."""
    bases = {
        ids.run_base("scoring", HOUR, dag_id=dag, run_id=run)
        for dag, run in (("d", "scheduled"), ("d", "manual"), ("ds", "cheduled"), ("e", "scheduled"))
    }
    assert len(bases) == 4
    assert all(base.startswith("scoring-20180829T02-") for base in bases)


@given(GROUPS, st.integers(0, 999), st.integers(0, 99))
def test_every_group_makes_a_valid_batch_id_that_reads_back(group, epoch, attempt) -> None:
    """A sensor id may contain what Batch forbids; the task id never does, and reads back."""
    name = AttemptId(ids.group_key(group), epoch, attempt)
    assert BATCH_ID.fullmatch(str(name))
    assert AttemptId.parse(str(name)) == name


def test_sensors_that_batch_cannot_tell_apart_have_different_keys() -> None:
    """Batch ids ignore case and forbid dots; sensor ids do neither."""
    keys = {ids.group_key(group).lower() for group in ("a.b", "a-b", "A-b", "a_b", "a.b" * 20, "a.b" * 21)}
    assert len(keys) == 6


def test_a_job_tells_its_run_and_generation() -> None:
    """A job that was opened again is separate, yet belongs to the same run."""
    base = ids.run_base("a-very-long-prefix-indeed", HOUR, dag_id="d", run_id="r")
    job = ids.job_id(base, generation=12, number=3)
    assert BATCH_ID.fullmatch(job)
    assert (ids.base_of(job), ids.generation_of(job)) == (base, 12)
    assert (ids.base_of("somebody-elses"), ids.generation_of("somebody-elses")) == ("somebody-elses", None)


def test_a_foreign_task_id_is_nobodys_attempt() -> None:
    """Tasks that people add to our jobs by hand are left alone."""
    for foreign in ("", "task1", "1_4-e1-a1", "1_4-0c79023f43-e1", "x-0c79023f43-e1-a-1"):
        assert AttemptId.parse(foreign) is None


RUN = {"dag_id": "dag", "run_id": "run", "task_id": "score"}


@pytest.mark.parametrize(
    "base",
    [
        pytest.param(ids.run_base("scoring", HOUR, dag_id="dag", run_id="run"), id="of-the-run"),
        pytest.param(ids.task_base(dag_id="dag", task_id="score", run_id="run"), id="of-one-task"),
    ],
)
def test_a_job_belongs_to_the_run_that_made_it_and_to_no_other(base) -> None:
    """The digest in its id covers the DAG run's names, and all jobs of the run share it."""
    for job in (ids.job_id(base, generation=2), ids.job_id(base, generation=5, number=1)):
        assert ids.belongs_to(job, **RUN)
        assert not ids.belongs_to(job, **{**RUN, "dag_id": "other"})
        assert not ids.belongs_to(job, **{**RUN, "run_id": "other"})


def test_a_job_of_one_task_belongs_to_no_other_task() -> None:
    """A run's job belongs to all its tasks, a task's job to that task alone."""
    own = ids.job_id(ids.task_base(dag_id="dag", task_id="score", run_id="run"), generation=0)
    assert not ids.belongs_to(own, **{**RUN, "task_id": "other"})


def test_only_an_id_of_the_whole_form_belongs_to_anybody() -> None:
    """Anyone can write anything into an address."""
    base = ids.run_base("scoring", HOUR, dag_id="dag", run_id="run")
    digest = base.rsplit("-", 1)[1]
    for forged in (base, digest, f"x-{digest}-g0", f"a/../b-20180829T02-{digest}-g0", f"{base}-g0\n"):
        assert not ids.belongs_to(forged, **RUN)
    # Two names with the separator inside would read like three.
    own = ids.job_id(ids.task_base(dag_id="dag", task_id="score", run_id="run"), generation=0)
    joined = f"scoring-20180829T02-{ids.base_of(own).rsplit('-', 1)[1]}-g0"
    assert not ids.belongs_to(joined, dag_id="dag", run_id="score\0run", task_id="any")
