"""The whole account as one JSON object, each thing in it as clients see it, but for secrets.

Clients sign what they ask for; whoever reads this signs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure_batch_emulator.moments import stamp
from azure_batch_emulator.redaction import redacted_json
from azure_batch_emulator.wire.views.job_json import counts_json, job_json
from azure_batch_emulator.wire.views.node_json import node_json
from azure_batch_emulator.wire.views.pool_json import pool_json
from azure_batch_emulator.wire.views.preparation_json import preparation_json
from azure_batch_emulator.wire.views.schedule_json import schedule_json
from azure_batch_emulator.wire.views.task_json import task_json

if TYPE_CHECKING:
    from azure_batch_emulator.records.jobs import Job
    from azure_batch_emulator.records.pools import Pool
    from azure_batch_emulator.service.engine import Engine


def state_json(engine: Engine, base: str) -> dict[str, Any]:
    """Write everything down: pools with nodes, jobs with tasks, schedules.

    :param base: where clients find the service, for the URLs in it
    """
    account = engine.account
    state = {
        "now": stamp(engine.core.now),
        "pools": [_pool(engine, pool, base) for pool in account.pools.values()],
        "jobs": [_job(job, base) for job in account.jobs.values()],
        "jobSchedules": [schedule_json(entry, base) for entry in account.schedules.values()],
        "pendingFaults": engine.faults.pending(),
        "quotas": engine.quotas.change(),
    }
    return {name: redacted_json(part) for name, part in state.items()}


def _pool(engine: Engine, pool: Pool, base: str) -> dict[str, Any]:
    nodes = [node_json(engine.account, pool, node, base) for node in pool.nodes.values()]
    return {**pool_json(pool, base), "nodes": nodes}


def _job(job: Job, base: str) -> dict[str, Any]:
    tasks = [task_json(job.id, task, base) for task in job.tasks.walk(0)]
    nodes = [preparation_json(job, each, base) for each in job.preparations.values()]
    return {**job_json(job, base), **counts_json(job), "tasks": tasks, "preparedNodes": nodes}
