"""Bodies of all operations, from the SDK's typed models: valid ones are accepted, others refused."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from azure.batch.models import _models as sdk

from azure_batch_emulator.clock import ManualClock
from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.runner.scripted import ScriptedRunner, succeed
from azure_batch_emulator.server import EmulatorServer
from azure_batch_emulator.wire.bodies import job_bodies, node_bodies, pool_bodies, task_bodies
from azure_batch_emulator.wire.request import Request
from azure_batch_emulator.wire.routes import ROUTES
from tests.batch_emulator.wire.bodies.sdk_bodies import MACHINE, at, bodies_of, replaced, smallest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from azure_batch_emulator.service.engine import Engine
    from azure_batch_emulator.wire.bodies.schema import Schema
    from azure_batch_emulator.wire.route_table import Route

BODIES: dict[str, tuple[Any, Schema]] = {
    "create_pool": (sdk.BatchPoolCreateOptions, pool_bodies.POOL),
    "update_pool": (sdk.BatchPoolUpdateOptions, pool_bodies.POOL_PATCH),
    "replace_pool_properties": (sdk.BatchPoolReplaceOptions, pool_bodies.POOL_REPLACE),
    "enable_pool_auto_scale": (sdk.BatchPoolEnableAutoScaleOptions, pool_bodies.ENABLE_AUTO_SCALE),
    "evaluate_pool_auto_scale": (sdk.BatchPoolEvaluateAutoScaleOptions, pool_bodies.EVALUATE_AUTO_SCALE),
    "resize_pool": (sdk.BatchPoolResizeOptions, pool_bodies.RESIZE),
    "remove_nodes": (sdk.BatchNodeRemoveOptions, pool_bodies.REMOVE_NODES),
    "create_job": (sdk.BatchJobCreateOptions, job_bodies.JOB),
    "update_job": (sdk.BatchJobUpdateOptions, job_bodies.JOB_PATCH),
    "replace_job": (sdk.BatchJob, job_bodies.JOB_PUT),
    "disable_job": (sdk.BatchJobDisableOptions, job_bodies.JOB_DISABLE),
    "terminate_job": (sdk.BatchJobTerminateOptions, job_bodies.JOB_TERMINATE),
    "create_job_schedule": (sdk.BatchJobScheduleCreateOptions, job_bodies.SCHEDULE),
    "update_job_schedule": (sdk.BatchJobScheduleUpdateOptions, job_bodies.SCHEDULE_PATCH),
    "replace_job_schedule": (sdk.BatchJobSchedule, job_bodies.SCHEDULE_PUT),
    "create_task": (sdk.BatchTaskCreateOptions, task_bodies.TASK),
    "create_task_collection": (sdk.BatchTaskGroup, task_bodies.TASKS),
    "replace_task": (sdk.BatchTask, task_bodies.TASK_PUT),
    "create_node_user": (sdk.BatchNodeUserCreateOptions, node_bodies.NODE_USER),
    "replace_node_user": (sdk.BatchNodeUserReplaceOptions, node_bodies.NODE_USER_PATCH),
    "reboot_node": (sdk.BatchNodeRebootOptions, node_bodies.REBOOT),
    "reimage_node": (sdk.BatchNodeReimageOptions, node_bodies.REIMAGE),
    "deallocate_node": (sdk.BatchNodeDeallocateOptions, node_bodies.DEALLOCATE),
    "disable_node_scheduling": (sdk.BatchNodeDisableSchedulingOptions, node_bodies.DISABLE_SCHEDULING),
    "upload_node_logs": (sdk.UploadBatchServiceLogsOptions, node_bodies.NODE_LOGS),
}
WRONG_TYPES: dict[type, tuple[Any, ...]] = {
    str: (5, 1.5, True, [], {}, ["text"]),
    int: ("text", 1.5, True, [], {}, 2**31, -(2**31) - 1),
    bool: ("true", 1, 0, [], {}),
    list: ("text", 5, True, {}, [None], [[]]),
    dict: ("text", 5, True, [], [{}], {"surely-unknown": 1}),
}
WITH_VALUES_OF_ANY_NAME = frozenset({"settings", "protectedSettings"})
NESTED: dict[str, Any] = {}
for _ in range(500):
    NESTED = {"settings": NESTED}
HOSTILE: tuple[Any, ...] = (
    None, True, -1, 0, 2**31, 1.5, "", "text", "x" * 2000, "\0", "\ud800", "\U0001f600",
    "a=b", "../..",
    "P99999999999D", "P10675198D", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
    [], {}, [None], {"": ""}, NESTED,
)  # fmt: skip
SHARES = [pytest.param(4, id="some"), pytest.param(1, id="all", marks=pytest.mark.nightly)]
"""Of how many hostile values that fit one is sent: to each field others than to the field before."""
FIELDS_AT_ONCE = 20
"""What is made by trying so many lives at the same time."""
MOVING = frozenset(
    {
        *("enable_pool_auto_scale", "resize_pool", "remove_nodes", "disable_job", "terminate_job"),
        *("reboot_node", "reimage_node", "deallocate_node", "disable_node_scheduling", "replace_task"),
    }
)
"""Operations that are refused when they were just granted."""
ASKING = {"Authorization": "Bearer any", "Content-Type": "application/json; odata=minimalmetadata"}


def test_every_body_is_looked_at() -> None:
    """Every operation that reads a body is covered here."""
    without_body = {
        *("disable_pool_auto_scale", "stop_pool_resize", "enable_job", "disable_job_schedule"),
        *("enable_job_schedule", "terminate_job_schedule", "terminate_task", "reactivate_task"),
        *("start_node", "enable_node_scheduling"),
    }
    changing = {route.operation for route in ROUTES if route.method in {"POST", "PUT", "PATCH"}}
    assert BODIES.keys() == changing - without_body


@pytest.mark.parametrize("operation", BODIES)
def test_every_field_that_the_sdk_can_send_is_known(operation: str) -> None:
    """Every field of a typed model is accepted, with values within the documented limits."""
    model, schema = BODIES[operation]
    assert schema(smallest(model)) is not None
    for _, body in bodies_of(model):
        schema(body)


@pytest.mark.parametrize("operation", BODIES)
def test_every_field_of_a_wrong_type_is_refused(operation: str) -> None:
    """A value of another type gives 400 in each field, at any depth."""
    model, schema = BODIES[operation]
    for path, body in bodies_of(model):
        if WITH_VALUES_OF_ANY_NAME.intersection(path[:-1]):
            continue
        for value in WRONG_TYPES[type(at(body, path))]:
            if path[-1] in WITH_VALUES_OF_ANY_NAME and isinstance(value, dict):
                continue
            with pytest.raises(ApiError) as refused:
                schema(replaced(body, path, value))
            assert refused.value.status == 400, (path, value)


@dataclass
class Target:
    """An emulator with one resource of each kind, and raw requests to it."""

    emulator: EmulatorServer
    client: httpx.Client
    made: int = 0
    node: str = ""

    def begin(self) -> None:
        """Recreate everything: a pool with a node, a job with a waiting task, a schedule, a user."""
        self.emulator.reset()
        pool = {"id": "pool", "vmSize": "standard_d4s_v3", "virtualMachineConfiguration": MACHINE}
        self.must("POST", "/pools", {**pool, "targetDedicatedNodes": 1})
        self.emulator.advance(self.emulator.settings.boot)
        nodes = self.ask("GET", "/pools/pool/nodes").json()["value"]
        self.node = nodes[0]["id"]
        self.must(
            "POST", "/jobs", {"id": "job", "poolInfo": {"poolId": "empty"}, "usesTaskDependencies": True}
        )
        self.must("POST", "/jobs/job/tasks", {"id": "task", "commandLine": "true"})
        schedule = {"poolInfo": {"poolId": "empty"}}
        self.must("POST", "/jobschedules", {"id": "schedule", "schedule": {}, "jobSpecification": schedule})
        self.must("POST", f"/pools/pool/nodes/{self.node}/users", {"name": "user"})

    def ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Send a request."""
        content = None if body is None else json.dumps(body).encode()
        return self.client.request(method, f"{path}?api-version=2025-06-01", content=content)

    def must(self, method: str, path: str, body: Any) -> None:
        """Send a request that must succeed."""
        answer = self.ask(method, path, body)
        assert answer.status_code < 300, answer.text

    def path(self, template: str) -> str:
        """Fill in the ids that an operation is about."""
        names = {"{poolId}": "pool", "{jobId}": "job", "{taskId}": "task", "{jobScheduleId}": "schedule"}
        for name, value in {**names, "{nodeId}": self.node, "{userName}": "user"}.items():
            template = template.replace(name, value)
        return template

    def mark(self) -> tuple[int, ...]:
        """Return what any change would have changed, once everything due is done."""

        def read(engine: Engine) -> tuple[int, ...]:
            account = engine.account
            tasks = sum(len(job.tasks) for job in account.jobs.values())
            return (account.last_etag, account.last_number, len(account.pools), len(account.jobs), tasks)

        return self.emulator.call(read)

    def everything(self) -> None:
        """Read everything there is, as plain JSON."""
        for noun in ("pools", "jobs", "jobschedules", "nodecounts", "jobs/job/tasks", "pools/pool/nodes"):
            answer = self.ask("GET", f"/{noun}")
            assert answer.status_code == 200, answer.text
            json.loads(answer.content, parse_constant=pytest.fail)


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Target]:
    """Start an emulator that runs nothing and requires no signature."""
    quotas: dict[str, Any] = {"pool_quota": 10_000, "active_job_quota": 10_000}
    with (
        EmulatorServer(
            data=tmp_path / "batch",
            clock=ManualClock(),
            runner=ScriptedRunner(succeed),
            allow_bearer=True,
            **quotas,
        ) as emulator,
        httpx.Client(base_url=emulator.endpoint, headers=ASKING, trust_env=False, timeout=60) as client,
    ):
        yield Target(emulator, client)


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity", "1e999", "{", '{"a":' * 5000, "\xff"])
@pytest.mark.parametrize("operation", BODIES)
def test_what_is_no_json_is_refused(operation: str, constant: str) -> None:
    """Invalid JSON, including numbers that JSON lacks, gives 400 in every body."""
    body = f'{{"surely": {constant}}}'.encode("latin-1")
    request = Request(engine=None, base="", path="", parameters={}, query={}, headers={}, content=body)  # type: ignore[arg-type]  # a body is read without one
    with pytest.raises(ApiError) as refused:
        request.body(BODIES[operation][1])
    assert (refused.value.status, refused.value.code) == (400, "InvalidRequestBody")


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("operation", BODIES)
def test_no_body_makes_the_service_fail(
    target: Target, operation: str, share: int, caplog: pytest.LogCaptureFixture
) -> None:
    """No value in any field gives a 500, and a refused request changes nothing."""
    model, schema = BODIES[operation]
    route = next(route for route in ROUTES if route.operation == operation)
    for fields in _batched(enumerate(_fields(model)), FIELDS_AT_ONCE):
        target.begin()
        for number, (path, body) in fields:
            tried = [replaced(_named(target, body), path, value) for value in HOSTILE]
            fitting = [body for body in tried if _fits(schema, body)][number % share :: share]
            refused = next((body for body in tried if not _fits(schema, body)), None)
            # Bodies that the schema refuses never get further than it: one stands for all on the wire.
            for hostile in fitting if refused is None else [*fitting, refused]:
                _try(target, route, hostile)
        target.everything()
        _go_on(target)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def _batched(items: Iterator[tuple[Any, Any]], size: int) -> Iterator[list[tuple[Any, Any]]]:
    """Cut what comes into lists; itertools has it from Python 3.12 on."""
    while batch := list(islice(items, size)):
        yield batch


def _fields(model: Any) -> Iterator[tuple[Any, Any]]:
    """List the fields, each with a body that has it.

    A model that stands in several places is given in the first: it has the same schema in all.
    """
    seen: set[tuple[str, ...]] = set()
    for path, body in bodies_of(model):
        words = tuple(str(step) for step in path if isinstance(step, str))[-2:]
        if words not in seen:
            seen.add(words)
            yield path, body


def _fits(schema: Schema, body: Any) -> bool:
    """Whether a schema accepts a body; any other error than its own 400 fails the test."""
    try:
        schema(body)
    except ApiError as refusal:
        if refusal.status != 400:
            pytest.fail(f"{refusal.status} for {body}")
        return False
    return True


def _named(target: Target, body: dict[str, Any]) -> dict[str, Any]:
    """Give what would be made an id of its own."""
    target.made += 1
    if "id" in body:
        return {**body, "id": f"made-{target.made}"}
    if "value" in body:
        return {"value": [{**task, "id": f"made-{target.made}"} for task in body["value"]]}
    return body


def _try(target: Target, route: Route, body: Any) -> None:
    before = target.mark()
    answer = target.ask(route.method, target.path(route.path), body)
    assert answer.status_code < 500, (body, answer.text)
    if answer.status_code >= 400:
        assert target.mark() == before, (body, answer.text)
    elif route.operation in MOVING:
        target.everything()
        target.begin()


def _go_on(target: Target) -> None:
    """Let new resources live: each pool gets a job with a task, and a day passes."""
    for number, pool in enumerate(target.ask("GET", "/pools").json()["value"]):
        job = {"id": f"later-{number}", "poolInfo": {"poolId": pool["id"]}}
        target.must("POST", "/jobs", job)
        added = target.ask("POST", f"/jobs/later-{number}/tasks", {"id": "t", "commandLine": "true"})
        assert added.status_code < 500, (pool, added.text)
    target.emulator.advance(target.emulator.settings.boot)
    target.everything()
