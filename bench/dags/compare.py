"""The same list of Batch tasks run by the stock operator of the Azure provider, in two forms, and by ours.

Each DAG makes its Batch job and maps one operator over ``items``; ``how`` lets the second one fail. The pool
is there already and its nodes are idle, which suits the stock operator best.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

from airflow.providers.microsoft.azure.operators.batch import AzureBatchOperator
from airflow.sdk import DAG, Param, XComArg, get_current_context, task

from sensor_scoring.azure_batch.operators import AzureBatchSubmitOperator, AzureBatchTaskOperator

POOL, VM_SIZE, CONN = "bench", "standard_d2s_v5", "azure_batch_default"
RETRIES = 2
DEFAULTS: dict[str, Any] = {
    "start_date": datetime(2000, 1, 1, tzinfo=UTC),
    "params": {"items": Param(1, type="integer"), "how": Param("", type="string")},
    "default_args": {"retries": RETRIES, "retry_delay": timedelta(seconds=10)},
}


@task
def items() -> list[str]:
    """Name the items; the second one is unlucky, if one is to be."""
    params = get_current_context()["params"]
    unlucky = {1: params["how"]} if params["how"] else {}
    return [f"item-{number:04} {unlucky.get(number, 'ok')}" for number in range(params["items"])]


@task
def command_lines(names: list[str] | XComArg) -> list[str]:
    """Write a command line for each item; the stock operator knows no placeholders."""
    # What another task returns is here by the time that Airflow calls the function.
    return [f"work '{name}'" for name in cast("list[str]", names)]


@task(task_id="open")
def open_job() -> str:
    """Make the run's Batch job with our hook."""
    from sensor_scoring.azure_batch.hook import ScoringBatchHook
    from sensor_scoring.azure_batch.ids import task_base

    ti = get_current_context()["ti"]
    base = task_base(dag_id=ti.dag_id, task_id="work", run_id=ti.run_id)
    return ScoringBatchHook(CONN).jobs.open(base, generation=RETRIES, pool_id=POOL)


def stock(job_id: str, lines: XComArg) -> None:
    """Map the stock operator, deferrable, with Batch task ids that a retry does not share."""
    AzureBatchOperator.partial(
        task_id="work",
        batch_pool_id=POOL,
        batch_pool_vm_size=VM_SIZE,
        vm_publisher="microsoft-dsvm",
        vm_offer="ubuntu-hpc",
        vm_sku="2204",
        vm_version="latest",
        vm_node_agent_sku_id="batch.node.ubuntu 22.04",
        target_dedicated_nodes=8,
        batch_job_id=job_id,
        batch_task_id="work-{{ ti.map_index }}-{{ ti.try_number }}",
        azure_batch_conn_id=CONN,
        deferrable=True,
        poll_interval=15,
    ).expand(batch_task_command_line=lines)


RUN = "{{ run_id | replace(':', '') | replace('+', '') | replace('.', '') | replace('manual__', '') }}"

with DAG("stock_one_job", schedule=None, **DEFAULTS) as stock_one_job:
    stock(f"one-{RUN}", command_lines(items()))

with DAG("stock_a_job_each", schedule=None, **DEFAULTS) as stock_a_job_each:
    stock(f"each-{RUN}-{{{{ ti.map_index }}}}-{{{{ ti.try_number }}}}", command_lines(items()))

with DAG("ours", schedule=None, **DEFAULTS) as ours:
    names, job = items(), open_job()
    common = {"command": ["work", "{item}"], "azure_batch_conn_id": CONN}
    submit = AzureBatchSubmitOperator(
        task_id="submit", items=names, job_id=job, epoch=RETRIES, generation=RETRIES, **common
    )
    work = AzureBatchTaskOperator.partial(
        task_id="work", job_id=job, poll_seconds=15.0, permanent_exit_codes=[3], **common
    ).expand(item=names)
    submit >> work
