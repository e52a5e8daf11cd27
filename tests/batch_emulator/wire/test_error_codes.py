"""Which code and status a client gets in which situation: one table, through the real SDK."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import httpx
import pytest
from azure.batch import models
from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpRequest

from azure_batch_emulator.runner.scripted import ScriptedRunner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from azure.core.rest import HttpResponse

    from azure_batch_emulator.runner.interface import AttemptSpec
    from tests.batch_emulator.bench import Bench

    Situation = Callable[[Bench], Any]

VERSION = "api-version=2025-06-01"


def error_of(bench: Bench, action: Situation) -> tuple[int | None, str, dict[str, str]]:
    """Do what is refused; return status, code and values."""
    with pytest.raises(HttpResponseError) as caught:
        action(bench)
    body = cast("HttpResponse", caught.value.response).json()
    return caught.value.status_code, body["code"], {v["key"]: v["value"] for v in body.get("values", ())}


def ask(bench: Bench, method: str, path: str, **options: Any) -> Any:
    """Send a signed request of one's own."""
    return bench.client.send_request(HttpRequest(method, f"{bench.emulator.endpoint}{path}", **options))


def job_with(**options: Any) -> Situation:
    """Describe the creation of a job."""
    return lambda bench: bench.job("new", **options)


def task_with(**options: Any) -> Situation:
    """Describe the addition of a task."""
    return lambda bench: bench.task(task_id="new", **options)


def after(*steps: Situation) -> Situation:
    """Do all but the last step, then the last."""

    def act(bench: Bench) -> Any:
        for step in steps[:-1]:
            step(bench)
        return steps[-1](bench)

    return act


def end_job(bench: Bench) -> None:
    """Terminate the job, and wait until it is completed."""
    bench.terminate("job", "enough").result()


def hold(bench: Bench) -> None:
    """Keep a task running until the test is over, so that its job cannot end."""
    bench.task(task_id="long")
    bench.until(lambda: "wd/begun" in {found.name for found in bench.files("long")})


def delete_job(bench: Bench) -> Any:
    """Begin to delete the job."""
    return ask(bench, "DELETE", f"/jobs/job?{VERSION}").raise_for_status()


def fat_task(bench: Bench) -> Any:
    """Add a task that exceeds the size of a request."""
    settings = [models.EnvironmentSetting(name="FAT", value="x" * (1 << 20))]
    return bench.task(task_id="new", environment_settings=settings)


def on_job(name: str) -> Situation:
    """Return an operation on the job that takes nothing else."""
    return lambda bench: ask(bench, "POST", f"/jobs/job/{name}?{VERSION}").raise_for_status()


LONG_LIST = models.BatchTaskDependencies(task_ids=["x" * 64] * 1001)
MANY_NUMBERS = models.BatchTaskDependencies(
    task_id_ranges=[models.BatchTaskIdRange(start=1, end=2_000_000_000)]
)
DEPENDENT = {"uses_task_dependencies": True}

TABLE: dict[str, tuple[Situation, int, str]] = {
    "no such pool": (lambda bench: bench.client.get_pool("none"), 404, "PoolNotFound"),
    "no such node": (lambda bench: bench.client.get_node("pool", "none"), 404, "NodeNotFound"),
    "no such job": (lambda bench: bench.client.get_job("none"), 404, "JobNotFound"),
    "no such task": (lambda bench: bench.client.get_task("job", "none"), 404, "TaskNotFound"),
    "pool id taken in other letters": (lambda bench: bench.pool("POOL"), 409, "PoolExists"),
    "job id taken in other letters": (lambda bench: bench.job("JOB"), 409, "JobExists"),
    "task id taken": (after(hold, lambda bench: bench.task(task_id="LONG")), 409, "TaskExists"),
    "priority out of range": (job_with(priority=1001), 400, "InvalidPropertyValue"),
    "task for a completed job": (after(end_job, task_with()), 409, "JobCompleted"),
    "end of a completed job": (after(end_job, on_job("terminate")), 409, "JobCompleted"),
    "task for a job that is ending": (
        after(hold, on_job("terminate"), task_with()),
        409,
        "JobBeingTerminated",
    ),
    "task for a job that is going": (after(hold, delete_job, task_with()), 409, "JobBeingDeleted"),
    "job id of one that is going": (
        after(hold, delete_job, lambda bench: bench.job()),
        409,
        "JobBeingDeleted",
    ),
    "enabling an active job": (on_job("enable"), 409, "OperationInvalidForCurrentState"),
    "body of a megabyte": (fat_task, 413, "RequestBodyTooLarge"),
    "dependencies on a job without": (
        task_with(depends_on=LONG_LIST),
        400,
        "TaskDependenciesNotSpecifiedOnJob",
    ),
    "long list of dependencies": (
        after(job_with(**DEPENDENT), lambda bench: bench.task(job="new", depends_on=LONG_LIST)),
        400,
        "TaskDependencyListTooLong",
    ),
    "wide ranges of dependencies": (
        after(job_with(**DEPENDENT), lambda bench: bench.task(job="new", depends_on=MANY_NUMBERS)),
        400,
        "TaskDependencyRangesTooLong",
    ),
    "metadata without a name": (
        job_with(metadata=[models.BatchMetadataItem(name="", value="x")]),
        400,
        "EmptyMetadataKey",
    ),
    "files of a task that has not run": (
        after(
            lambda bench: bench.job("idle", pool="none"),
            lambda bench: bench.task(job="idle"),
            lambda bench: list(bench.client.list_task_files("idle", "task")),
        ),
        409,
        "OperationInvalidForCurrentState",
    ),
    "reactivating what has not ended": (
        after(hold, lambda bench: bench.client.reactivate_task("job", "long")),
        409,
        "TaskNotCompleted",
    ),
    "reactivating what went well": (
        after(
            lambda bench: bench.run("/bin/true"), lambda bench: bench.client.reactivate_task("job", "task")
        ),
        409,
        "TaskSucceeded",
    ),
    "ending what has ended": (
        after(lambda bench: bench.run("/bin/true"), lambda bench: bench.client.terminate_task("job", "task")),
        409,
        "TaskCompleted",
    ),
    "resize time-out too short": (
        lambda bench: bench.pool("new", resize_timeout=timedelta(minutes=1)),
        400,
        "InvalidPropertyValue",
    ),
    "page too long": (
        lambda bench: list(bench.client.list_jobs(max_results=1001)),
        400,
        "OutOfRangeQueryParameterValue",
    ),
    "filter by what is not there": (
        lambda bench: list(bench.client.list_jobs(filter="colour eq 'red'")),
        400,
        "InvalidQueryParameterValue",
    ),
    "no version": (
        lambda bench: ask(bench, "GET", "/jobs").raise_for_status(),
        400,
        "MissingRequiredQueryParameter",
    ),
    "conditions that exclude each other": (
        lambda bench: ask(
            bench, "GET", f"/jobs/job?{VERSION}", headers={"If-Match": '"a"', "If-None-Match": '"b"'}
        ).raise_for_status(),
        400,
        "MultipleConditionHeadersNotSupported",
    ),
    "condition that is no date": (
        lambda bench: ask(
            bench, "GET", f"/jobs/job?{VERSION}", headers={"If-Modified-Since": "lately"}
        ).raise_for_status(),
        400,
        "InvalidHeaderValue",
    ),
    "condition that is not met": (
        lambda bench: ask(
            bench, "GET", f"/jobs/job?{VERSION}", headers={"If-Match": '"0x0"'}
        ).raise_for_status(),
        412,
        "ConditionNotMet",
    ),
}


@pytest.fixture
def ready(bench_of: Callable[..., Bench]) -> Iterator[Bench]:
    """Start an emulator with a pool and a job, whose tasks succeed at once, except the long one."""
    over = threading.Event()

    def rule(attempt: AttemptSpec) -> int:
        if attempt.environment["AZ_BATCH_TASK_ID"] == "long":
            (attempt.directory / "wd" / "begun").touch()
            over.wait(60)
        return 0

    bench = bench_of(runner=ScriptedRunner(rule))
    bench.pool()
    bench.job()
    yield bench
    over.set()


@pytest.mark.parametrize(("situation", "status", "code"), TABLE.values(), ids=TABLE)
def test_situation_has_its_code(ready: Bench, situation: Situation, status: int, code: str) -> None:
    """Status and code are the service's."""
    assert error_of(ready, situation)[:2] == (status, code)


def test_values_name_the_property(ready: Bench) -> None:
    """For a wrong value, the error has the property's name, the value, and why."""
    _, _, values = error_of(ready, job_with(priority=1001))
    assert values == {"PropertyName": "priority", "PropertyValue": "1001", "Reason": "-1000 to 1000"}


@pytest.mark.parametrize("header", ["nonsense", "SharedKey without-a-colon"])
def test_unreadable_authorization_is_told_from_a_wrong_one(bench: Bench, header: str) -> None:
    """Something that is not a signature at all gives 400, not the 403 of a wrong one."""
    answer = httpx.get(
        f"{bench.emulator.endpoint}/jobs?{VERSION}", headers={"Authorization": header}, trust_env=False
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "InvalidAuthenticationInfo")
