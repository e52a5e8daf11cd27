"""Operations on single nodes through the real SDK: reimage, deallocate, disable scheduling, inspect."""

from __future__ import annotations

import http.server
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from azure_batch_emulator.server import EmulatorServer
from tests.batch_emulator.bench import WAIT, present

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.batch_emulator.bench import Bench

HALF_BOOT = timedelta(minutes=1)


@pytest.fixture
def slow(bench_of: Callable[..., Bench]) -> Bench:
    """Start an emulator whose nodes boot for two minutes, with a pool of one node that is up, and a job."""
    bench = bench_of(boot=2 * HALF_BOOT)
    bench.pool()
    bench.job()
    bench.advance(minutes=2)
    return bench


def state(bench: Bench) -> str:
    """Return the state of the only node."""
    return str(bench.nodes()[0].state.value)


def held(bench: Bench, task_id: str = "task") -> None:
    """Run a long task."""
    bench.task(bench.sh("echo up; exec sleep 600"), task_id)
    bench.running(task_id)


def test_reimaged_node_has_nothing_on_its_disk(slow: Bench) -> None:
    """Its task is requeued, and it comes up under its own id with an empty folder."""
    held(slow)
    (node,) = slow.nodes()
    slow.client.create_node_user("pool", node.id, slow.models.BatchNodeUserCreateOptions(name="ops"))
    poller = slow.reimage(node.id)
    assert state(slow) == "reimaging"
    slow.until(lambda: slow.in_state("active"))
    slow.client.terminate_task("job", "task")
    slow.advance(minutes=1)
    assert state(slow) == "starting"
    poller.wait(120)
    assert poller.status() == "Succeeded"
    slow.advance(minutes=1)
    assert slow.nodes()[0].id == node.id
    assert not list(slow.client.list_node_files("pool", node.id))


def test_node_that_is_switched_off_keeps_its_place(slow: Bench, refusal: Callable[..., Any]) -> None:
    """It is deallocated when its task ends, counts as a node of the pool, and starts on request."""
    (node,) = slow.nodes()
    refusal(lambda: slow.client.begin_start_node("pool", node.id), status=409, code="OperationNotValidOnNode")
    poller = slow.deallocate(node.id)
    assert state(slow) == "deallocating"
    slow.advance(minutes=1)
    poller.wait(120)
    assert state(slow) == "deallocated"
    assert slow.client.get_pool("pool").current_dedicated_nodes == 1
    slow.task()
    assert slow.in_state("active")
    poller = slow.client.begin_start_node("pool", node.id, **WAIT)
    assert state(slow) == "starting"
    slow.advance(minutes=1)
    poller.wait(120)
    slow.ended()


@pytest.mark.parametrize(
    ("option", "task_state", "requeues"), [("requeue", "active", 1), ("terminate", "completed", 0)]
)
def test_closing_a_node_ends_what_runs_there(
    ready: Bench, option: str, task_state: str, requeues: int
) -> None:
    """Depending on the option, the task is requeued and counted, or completed; the node is offline."""
    held(ready)
    (node,) = ready.nodes()
    ready.close_node(node.id, option)
    task = ready.until(lambda: ready.in_state(task_state))
    assert task.execution_info.requeue_count == requeues
    ready.until(lambda: state(ready) == "offline")
    assert ready.nodes()[0].scheduling_state == "disabled"
    ready.task(task_id="next")
    assert ready.in_state("active", "next")
    ready.client.enable_node_scheduling("pool", node.id)
    ready.until(lambda: not ready.in_state("active", "next" if option == "terminate" else "task"))


def test_closed_node_may_finish_its_tasks_and_stays_closed(ready: Bench, tmp_path: Path) -> None:
    """With taskcompletion it goes offline after the last task, and stays so after a reboot."""
    gate = tmp_path / "gate"
    ready.task(ready.sh(f"echo up; until [ -e {gate} ]; do sleep 0.02; done"))
    ready.running()
    (node,) = ready.nodes()
    ready.close_node(node.id, "taskcompletion")
    assert state(ready) == "running"
    gate.touch()
    assert ready.ended().execution_info.exit_code == 0
    assert state(ready) == "offline"
    ready.reboot(node.id).wait(120)
    ready.advance(seconds=1)
    assert state(ready) == "offline"


def test_scheduling_is_not_switched_twice(ready: Bench, refusal: Callable[..., Any]) -> None:
    """Enabling an enabled node is refused, and so is disabling a disabled one."""
    (node,) = ready.nodes()
    code = "NodeAlreadyInTargetSchedulingState"
    refusal(lambda: ready.client.enable_node_scheduling("pool", node.id), status=409, code=code)
    ready.close_node(node.id)
    refusal(lambda: ready.close_node(node.id), status=409, code=code)


def test_nodes_are_as_they_were_after_a_restart(bench_of: Callable[..., Bench], tmp_path: Path) -> None:
    """Disabled nodes come up disabled, deallocated ones stay so, and users still exist."""
    bench = bench_of(data=tmp_path / "kept")
    bench.pool(nodes=2)
    bench.advance(seconds=0)
    closed, off = (node.id for node in bench.nodes())
    bench.close_node(closed, "requeue")
    bench.client.create_node_user("pool", closed, bench.models.BatchNodeUserCreateOptions(name="ops"))
    bench.deallocate(off).wait(120)
    bench.emulator.__exit__(None, None, None)
    with EmulatorServer(data=tmp_path / "kept", boot=timedelta()) as again:
        states = again.call(
            lambda engine: {
                node.id: (str(node.state), [user.name for user in node.users])
                for node in engine.account.pools["pool"].nodes.values()
            }
        )
    assert states == {closed: ("offline", ["ops"]), off: ("deallocated", [])}


def test_users_come_change_and_go(ready: Bench, refusal: Callable[..., Any]) -> None:
    """Names are unique, and a user is gone once deleted or expired."""
    (node,) = ready.nodes()
    user = ready.models.BatchNodeUserCreateOptions(name="ops", password="made up", is_admin=True)

    def create() -> None:
        ready.client.create_node_user("pool", node.id, user)

    def delete() -> None:
        ready.client.delete_node_user("pool", node.id, "ops")

    create()
    refusal(create, status=409, code="NodeUserExists")
    change = ready.models.BatchNodeUserReplaceOptions(ssh_public_key="ssh-rsa AAAA")
    ready.client.replace_node_user("pool", node.id, "ops", change)
    delete()
    refusal(delete, status=404, code="NodeUserNotFound")
    create()
    ready.advance(hours=25)
    refusal(delete, status=404, code="NodeUserNotFound")


def test_remote_login_is_told(ready: Bench) -> None:
    """The address is the node's own, with the port of SSH."""
    (node,) = ready.nodes()
    settings = ready.client.get_node_remote_login_settings("pool", node.id)
    assert (settings.remote_login_ip_address, settings.remote_login_port) == (node.ip_address, 22)


def test_extensions_are_those_of_the_pool_and_the_node_agents(
    bench: Bench, refusal: Callable[..., Any]
) -> None:
    """Each is shown as provisioned; one that the pool lacks is not found."""
    extension = bench.models.VMExtension(
        name="monitor", publisher="Microsoft.Azure.Monitor", type="AzureMonitorLinuxAgent"
    )
    bench.pool(virtual_machine_configuration=bench.machine(extensions=[extension]))
    bench.advance(seconds=0)
    (node,) = bench.nodes()
    extensions = bench.client.list_node_extensions("pool", node.id)
    listed = {present(extension.vm_extension).name for extension in extensions}
    found = bench.client.get_node_extension("pool", node.id, "Monitor")
    assert present(found.vm_extension).name == "monitor"
    assert listed == {"monitor", "batchNodeExtension"}
    assert found.provisioning_state == "Succeeded"
    refusal(
        lambda: bench.client.get_node_extension("pool", node.id, "other"),
        status=404,
        code="ResourceNotFound",
    )


@pytest.fixture
def container() -> Iterator[tuple[str, dict[str, bytes]]]:
    """Serve a container that accepts blobs; return its URL and what it received."""
    blobs: dict[str, bytes] = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            blobs[self.path.partition("?")[0]] = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(201)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/logs?sig=x", blobs
        server.shutdown()
        thread.join()


def test_node_log_is_sent_where_it_is_wanted(ready: Bench, container: tuple[str, dict[str, bytes]]) -> None:
    """It describes the node's life and last tasks, in the folder that the response names."""
    url, blobs = container
    ready.run("/bin/false")
    (node,) = ready.nodes()
    options = ready.models.UploadBatchServiceLogsOptions(container_url=url, start_time=node.allocation_time)
    result = ready.client.upload_node_logs("pool", node.id, options)
    assert result.number_of_files_uploaded == 1
    blob = f"/logs/{result.virtual_directory_name}/agent.log"
    ready.until(lambda: blob in blobs)
    text = blobs[blob].decode()
    assert f"node {node.id} of pool pool allocated" in text
    assert "task job/task ended: 1" in text


def test_node_that_boots_can_be_told_nothing(
    bench_of: Callable[..., Bench], refusal: Callable[..., Any]
) -> None:
    """Each refusal names the node's state."""
    bench = bench_of(boot=2 * HALF_BOOT)
    bench.pool()
    (node,) = bench.nodes()
    for code, minutes in (("NodeBeingCreated", 1), ("NodeBeingStarted", 1)):
        refusal(lambda: bench.reimage(node.id), status=409, code=code)
        refusal(lambda: bench.client.enable_node_scheduling("pool", node.id), status=409, code=code)
        bench.advance(minutes=minutes)
    bench.reimage(node.id)
    refusal(lambda: bench.reimage(node.id), status=409, code="NodeBeingReimaged")
    bench.advance(minutes=2)
    bench.reboot(node.id)
    refusal(lambda: bench.reimage(node.id), status=409, code="NodeBeingRebooted")


def test_an_unusable_node_is_opened_and_closed_to_no_task(ready: Bench, refusal: Callable[..., Any]) -> None:
    """It can only be restarted."""
    (node,) = ready.nodes()
    ready.emulator.node_faults.break_node("pool", node.id)
    code = "NodeStateUnusable"
    refusal(lambda: ready.close_node(node.id), status=409, code=code)
    refusal(lambda: ready.client.enable_node_scheduling("pool", node.id), status=409, code=code)
    ready.reboot(node.id).wait(120)
