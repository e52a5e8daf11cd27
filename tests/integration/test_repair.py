"""A person repairs an hour with failed sensors: however they clear, the run ends anew."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import pytest

from scoring_contract import layout
from scoring_contract.layout import Container
from tests.integration.repair import FAILING, a_red_run, ends_anew
from tests.integration.world import DAG, HOUR
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.integration.world import World
    from tests.support.receivers import Webhook

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]


def rows(world: World, run: str, *, downstream: bool) -> None:
    """Tick the failed instance and clear it."""
    index = world.instances(run)[FAILING].map_index
    world.web.clear(DAG, run, [("score", index)], downstream=downstream)


def only_failed(world: World, run: str, *, downstream: bool) -> None:
    """Clear the task with *Only failed*."""
    world.web.clear(DAG, run, ["score"], downstream=downstream, only_failed=True)


def whole_task(world: World, run: str, *, downstream: bool) -> None:
    """Clear all instances of the task."""
    world.web.clear(DAG, run, ["score"], downstream=downstream)


def whole_run(world: World, run: str, *, failed: bool) -> None:
    """Clear the run, or what failed in it."""
    place = f"/dags/{DAG}/dagRuns/{quote(run, safe='')}/clear"
    world.web.post(place, {"dry_run": False, "only_failed": failed})


@pytest.mark.behaviour("old-summary", "cleared")
@pytest.mark.parametrize(
    ("clear", "how"),
    [
        pytest.param(rows, {"downstream": False}, id="rows-alone", marks=pytest.mark.nightly),
        pytest.param(only_failed, {"downstream": True}, id="only-failed"),
        pytest.param(whole_task, {"downstream": False}, id="task-alone", marks=pytest.mark.nightly),
        pytest.param(whole_run, {"failed": True}, id="run-only-failed"),
        pytest.param(whole_run, {"failed": False}, id="run", marks=pytest.mark.nightly),
    ],
)
def test_whichever_way_a_person_clears_the_run_ends_anew(
    world: World, told: Webhook, clear: Callable[..., None], how: dict[str, Any]
) -> None:
    """The failed sensor is scored again, summary, alert and verdict say so, and no Batch job is active."""
    run = a_red_run(world)
    before = len(told.bodies)
    clear(world, run, **how)
    ends_anew(world, told, run, before=before)


@contextmanager
def a_broken_registry(world: World) -> Iterator[None]:
    """Make the registry of models invalid JSON for a while."""
    models = world.stack.storage.container(Container.MODELS)
    original = models.download_blob(layout.REGISTRY_BLOB).readall()
    models.upload_blob(layout.REGISTRY_BLOB, b"{", overwrite=True)
    try:
        yield
    finally:
        models.upload_blob(layout.REGISTRY_BLOB, original, overwrite=True)


def control(world: World, name: str, **body: Any) -> None:
    """Inject a fault into the Batch account."""
    httpx.post(
        f"{world.stack.batch.endpoint}/_emulator/{name}", json=body, trust_env=False
    ).raise_for_status()


@contextmanager
def no_room_for_jobs(world: World) -> Iterator[None]:
    """Exhaust the quota of active jobs for a while."""
    control(world, "quotas", activeJobs=0)
    try:
        yield
    finally:
        control(world, "quotas", activeJobs=300)


@contextmanager
def somebody_marks_submit(world: World) -> Iterator[None]:
    """Mark `submit` failed, as a person may, while Azure Batch is slow."""
    before = {run["dag_run_id"] for run in world.web.runs(DAG)}
    control(world, "faults/slow", operation="create_task_collection", seconds=60, times=1)

    def submitting() -> list[str]:
        new = [run["dag_run_id"] for run in world.web.runs(DAG) if run["dag_run_id"] not in before]
        return [
            run
            for run in new
            if any(ti.state == "running" for ti in world.web.task_instances(DAG, run, task_id="submit"))
        ]

    def mark() -> None:
        until(submitting)
        world.web.mark(DAG, submitting()[0], "submit", -1, "failed")

    with ThreadPoolExecutor(1) as somebody:
        marked = somebody.submit(mark)
        yield
        marked.result()


@pytest.mark.behaviour("step-failed")
@pytest.mark.parametrize(
    ("fault", "step", "reason"),
    [
        pytest.param(a_broken_registry, "plan", "registry", id="plan"),
        pytest.param(
            no_room_for_jobs, "open", "ActiveJobAndScheduleQuotaReached", id="open", marks=pytest.mark.nightly
        ),
        pytest.param(somebody_marks_submit, "submit", "", id="submit", marks=pytest.mark.nightly),
    ],
)
def test_a_step_that_fails_is_told_with_its_reason(
    world: World, told: Webhook, fault: Callable[[World], Any], step: str, reason: str
) -> None:
    """Summary and alert still run; one message names the step, and the next hour's ends it."""
    before = len(told.bodies)
    with fault(world):
        run = world.web.trigger(DAG, hour=str(HOUR))
        assert world.wait(run) == "failed"
    (body,) = told.bodies[before:]
    (line,) = [line for line in body["message"].splitlines() if line.startswith("Step failed: ")]
    assert line.startswith(f"Step failed: {step}")
    assert reason in line
    assert f"{step} failed" in world.web.log(DAG, run, "verdict")
    world.web.clear(DAG, run, [step], downstream=True)
    assert world.wait(run) == "success"
    assert f"Steps that recovered: {step}" in told.bodies[-1]["message"]
