"""A deployment with a Batch account and a storage account, and a browser in front of the routes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from scoring_contract import layout
from scoring_contract.hour import RunHour
from scoring_contract.layout import Container
from sensor_scoring.azure_batch import ids
from sensor_scoring.azure_batch.task import BatchTaskTemplate, Grants, Names
from sensor_scoring.hourly.names import DAG_ID
from sensor_scoring.hourly.outcome.summary import SensorOutcome, Summary
from sensor_scoring.hourly.planning.plan import Plan
from sensor_scoring.ui.api.pool import route as pool
from sensor_scoring.ui.api.run import route as runs
from sensor_scoring.ui.shared_looks import LASTS_SECONDS, SharedLooks
from sensor_scoring.ui.stderr_tails import StderrTails
from tests.sensor_scoring.conftest import BATCH_CONN, POOL

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from tests.sensor_scoring.conftest import Account
    from tests.sensor_scoring.ui.conftest import FleetApi

HOUR = RunHour.parse("2018-08-29T02")
RUN = "scheduled__2018-08-29T03:00:00+00:00"
BASE = ids.run_base("scoring", HOUR, dag_id=DAG_ID, run_id=RUN)
JOB = ids.job_id(BASE, generation=2)
GROUPS = {"1_1": ("1_1",), "1_2..1_3": ("1_2", "1_3"), "2_1": ("2_1",)}
SHELL = "/bin/sh"


def name_of(group: str, attempt: int = 0) -> str:
    """Return the id of a group's Batch task."""
    return str(ids.AttemptId(ids.group_key(group), 2, attempt))


class Time:
    """The clock of shared looks."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now

    def pass_on(self) -> None:
        """Let every look become too old to be shared."""
        self.now += LASTS_SECONDS


@dataclass(frozen=True)
class Deployment:
    """All of it."""

    account: Account
    api: FleetApi
    time: Time

    def get(self, address: str, **options: Any) -> dict[str, Any]:
        """Ask a route anew; return its answer."""
        self.time.pass_on()
        answer = self.api.get(address, **options)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def run(self, run_id: str = RUN) -> dict[str, Any]:
        """Ask for a run."""
        return self.get(f"/runs/{run_id}")

    def calls(self) -> dict[str, int]:
        """Return how often each operation of Azure Batch was asked for since the last time."""
        lines = self.account.emulator.requests().lines
        self.account.emulator.reset_requests()
        return {line.operation: line.requests for line in lines}

    def plan(self, groups: Mapping[str, tuple[str, ...]] = GROUPS) -> None:
        """Leave the plan of the run."""
        plan = Plan(
            hour=HOUR,
            run=BASE,
            planned_at="2018-08-29T03:05:00.000000Z",
            groups=groups,
            silent=(),
            unmodelled=(),
        )
        self.api.write(Container.RUNS, layout.plan_blob(BASE), plan.to_json())

    def summarise(self, *lines: SensorOutcome, **facts: Any) -> None:
        """Leave the summary of the run."""
        summary = Summary(hour=HOUR, run=BASE, dag_run_id=RUN, sensors=lines, **facts)
        self.api.write(Container.RUNS, layout.summary_blob(BASE), summary.to_json())

    def add(self, group: str, script: str, *, attempt: int = 0, job: str = JOB) -> str:
        """Add the Batch task of a group, which keeps its log; return its id."""
        names = Names(item=group, job=job, task=name_of(group, attempt))
        log_url = self.api.store.signed_url(Container.LOGS, permissions="cw", lasts=_LONG)
        template = BatchTaskTemplate(command=[SHELL, "-c", script])
        self.account.hook.add_task(job, template.request(names, Grants({}, log_url)))
        return names.task

    def ended(self, group: str, script: str, **where: Any) -> str:
        """Add one, and wait until it has ended."""
        task = self.add(group, script, **where)
        self.account.ended(task, job=where.get("job", JOB))
        return task

    def running(self, group: str) -> str:
        """Add one, and wait until it runs."""
        task = self.add(group, "sleep 600")
        self.account.running(task, job=JOB)
        return task


_LONG: timedelta = HOUR.end - HOUR.start


@pytest.fixture
def deployment(account: Account, fleet_api: FleetApi, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """Connect the routes to both services."""
    monkeypatch.setenv("SENSOR_SCORING_BATCH_CONN_ID", BATCH_CONN)
    monkeypatch.setenv("SENSOR_SCORING_POOL_ID", POOL)
    time = Time()
    monkeypatch.setattr(runs, "looks", SharedLooks(runs._answer, clock=time))
    monkeypatch.setattr(runs, "_tails", StderrTails())
    monkeypatch.setattr(pool, "looks", SharedLooks(pool._answer, clock=time))
    return Deployment(account, fleet_api, time)
