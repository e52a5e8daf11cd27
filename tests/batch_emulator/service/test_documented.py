"""Documented details of pools, nodes, jobs and tasks that are easily got wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.batch_emulator.bench import present

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.batch_emulator.bench import Bench

ENDPOINT = {
    "name": "web",
    "protocol": "tcp",
    "backendPort": 80,
    "frontendPortRangeStart": 40_000,
    "frontendPortRangeEnd": 40_100,
}


def test_endpoints_of_a_pool_appear_on_its_nodes(bench: Bench) -> None:
    """Each node has the pool's endpoint on its own port, with IPv6 for both addresses."""
    network = {
        "endpointConfiguration": {"inboundNATPools": [ENDPOINT]},
        "publicIPAddressConfiguration": {"ipFamilies": ["IPv4", "IPv6"]},
    }
    bench.pool(nodes=2, network_configuration=network)
    nodes = bench.nodes()
    endpoints = [node.endpoint_configuration.inbound_endpoints for node in nodes]
    assert [[entry.frontend_port for entry in node] for node in endpoints] == [[40_000] * 2, [40_001] * 2]
    assert {entry.backend_port for node in endpoints for entry in node} == {80}
    assert [":" in entry.public_ip_address for entry in endpoints[0]] == [False, True]
    assert all(node.ipv6_address for node in nodes)


def test_the_service_has_an_extension_on_every_node(bench: Bench) -> None:
    """Nodes have batchNodeExtension beside the pool's own extensions, which show no secrets."""
    own = {"name": "mine", "publisher": "p", "type": "t", "protectedSettings": {"key": "secret"}}
    machine = bench.machine()
    machine["extensions"] = [own]
    bench.pool(virtual_machine_configuration=machine)
    node = bench.nodes()[0].id
    extensions = list(bench.client.list_node_extensions("pool", node))
    assert [present(entry.vm_extension).name for entry in extensions] == ["batchNodeExtension", "mine"]
    assert "secret" not in str([entry.as_dict() for entry in extensions])
    assert bench.client.get_node_extension("pool", node, "batchNodeExtension").provisioning_state


def test_task_with_an_image_fails_in_a_pool_without_containers(ready: Bench) -> None:
    """The task is accepted, and fails when its turn comes."""
    failure = ready.run("/bin/true", container_settings={"imageName": "x"}).execution_info.failure_info
    assert failure.code == "ContainerPoolNotSupported"


def test_task_without_an_image_fails_in_a_pool_with_containers(bench: Bench) -> None:
    """The same applies in reverse."""
    machine = bench.machine(container_configuration={"type": "dockerCompatible"})
    bench.pool(virtual_machine_configuration=machine)
    bench.job()
    assert bench.run("/bin/true").execution_info.failure_info.code == "ContainerInvalidSettings"


def test_task_that_needs_more_slots_than_a_node_has_waits(ready: Bench) -> None:
    """Nothing validates requiredSlots: the task stays active until a node has enough."""
    ready.task(required_slots=2)
    ready.turn(hours=1)
    assert ready.client.get_task("job", "task").state == "active"


def test_failed_task_ends_its_job_by_default(bench: Bench) -> None:
    """Under performexitoptionsjobaction a failure without exit options terminates the job."""
    bench.pool()
    bench.job(task_failure_mode="performexitoptionsjobaction")
    bench.run("/bin/false")
    bench.until(lambda: bench.client.get_job("job").state == "completed")
    assert bench.termination_reason("job") == "TaskFailed"


def test_job_action_needs_a_job_that_performs_it(ready: Bench, refusal: Callable[..., Any]) -> None:
    """Under noaction a task with a jobAction gives 400."""
    conditions = ready.models.ExitConditions(default=ready.models.ExitOptions(job_action="none"))
    refusal(lambda: ready.task(exit_conditions=conditions), status=400, code="InvalidPropertyValue")


def test_deletion_takes_a_while(bench_of: Callable[..., Bench], refusal: Callable[..., Any]) -> None:
    """A deleted resource is visible for a while, blocks its id, and is gone in the end."""
    bench = bench_of(deletion=timedelta(seconds=10))
    bench.pool(nodes=None)
    bench.job()
    bench.client.begin_delete_job("job", polling_interval=0)
    bench.client.begin_delete_pool("pool", polling_interval=0)
    assert bench.client.get_job("job").state == bench.client.get_pool("pool").state == "deleting"
    refusal(bench.job, status=409, code="JobBeingDeleted")
    refusal(lambda: bench.pool(nodes=None), status=409, code="PoolBeingDeleted")
    refusal(bench.task, status=409, code="JobBeingDeleted")
    bench.turn(seconds=11)
    assert list(bench.client.list_jobs()) == list(bench.client.list_pools()) == []


def test_pool_whose_nodes_reach_each_other_has_a_hundred(bench: Bench) -> None:
    """A pool with inter-node communication stops at 100 nodes, and says so."""
    bench.pool(nodes=101, enable_inter_node_communication=True)
    pool = bench.client.get_pool("pool")
    assert (pool.current_dedicated_nodes, pool.target_dedicated_nodes) == (100, 101)
    assert bench.resize_errors() == ["AllocationFailed"]


def test_jobs_are_found_by_their_pool(bench: Bench) -> None:
    """executionInfo/poolId can be filtered like an id, and nodes by their start task's state."""
    bench.pool(start_task=bench.models.BatchStartTask(command_line="/bin/true"))
    bench.job("a", pool="pool-1")
    bench.job("b", pool="pool-2")

    def found(text: str) -> list[str]:
        return [job.id for job in bench.client.list_jobs(filter=text)]

    assert found("startswith(executionInfo/poolId,'pool-')") == ["a", "b"]
    assert found("executionInfo/poolId ge 'pool-2'") == ["b"]
    completed = "startTaskInfo/state eq 'completed' and startTaskInfo/result eq 'success'"
    bench.until(lambda: len(list(bench.client.list_nodes("pool", filter=completed))) == 1)


def test_documented_variables_are_there(ready: Bench) -> None:
    """The environment has the certificates folder and the reserved disk space."""
    names = "AZ_BATCH_CERTIFICATES_DIR AZ_BATCH_TASK_RESERVED_EPHEMERAL_DISK_SPACE_BYTES"
    ready.run(ready.sh(f"for n in {names}; do printenv $n; done"))
    certificates, space = ready.output().split()
    assert certificates.endswith("/wd/certs")
    assert space == "1000000"


@pytest.mark.parametrize(
    "span", ["P99999999999D", "P" + "9" * 400 + "D", "PT99999999999999999999S", "P10675200D"]
)
def test_span_that_nothing_can_hold_is_refused(ready: Bench, refusal: Callable[..., Any], span: str) -> None:
    """A duration beyond the service's limit gives 400, wherever it is."""
    task = ready.task_options()
    task["constraints"] = {"maxWallClockTime": span}
    refusal(lambda: ready.client.create_task("job", task), status=400, code="InvalidPropertyValue")


def test_span_that_ends_after_the_year_9999_does_no_harm(ready: Bench) -> None:
    """A duration just below unlimited is stored, and outlasts the default of a week."""
    task = ready.task_options()
    task["constraints"] = {"maxWallClockTime": "P10675198D", "retentionTime": "P10675198D"}
    ready.client.create_task("job", task)
    assert ready.ended().execution_info.exit_code == 0
    ready.turn(days=8)
    assert ready.files()
