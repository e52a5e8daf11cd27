"""Multi-instance tasks, which need several nodes at once, through the real SDK."""

from __future__ import annotations

import http.server
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from azure_batch_emulator.runner.scripted import Outcome, ScriptedRunner
from tests.batch_emulator.bench import WAIT, present

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from azure_batch_emulator.runner.interface import AttemptSpec
    from tests.batch_emulator.bench import Bench

COORDINATE = "say hello"


class Script:
    """A rule: coordination takes one minute, the command five; listed ones fail."""

    def __init__(self) -> None:
        self.codes: dict[str, list[int]] = {}
        self.attempts: list[AttemptSpec] = []

    def __call__(self, attempt: AttemptSpec) -> Outcome:
        """Decide an attempt by the name of its folder."""
        self.attempts.append(attempt)
        codes = self.codes.get(attempt.directory.name) or [0]
        return Outcome(codes.pop(0), seconds=60 if attempt.command_line == COORDINATE else 300)


@pytest.fixture
def script() -> Script:
    """Return the rule of the emulator under test."""
    return Script()


@pytest.fixture
def wide(bench_of: Callable[..., Bench], script: Script) -> Bench:
    """Start an emulator with a pool of three connected nodes, and a job."""
    bench = bench_of(runner=ScriptedRunner(script))
    bench.pool(nodes=3, enable_inter_node_communication=True)
    bench.job()
    return bench


def settings(bench: Bench, instances: int | None = 3, command: str = COORDINATE, **options: Any) -> Any:
    """Build multi-instance settings."""
    return bench.models.MultiInstanceSettings(
        number_of_instances=instances, coordination_command_line=command, **options
    )


def several(bench: Bench, task_id: str = "task", *, instances: int | None = 3, **options: Any) -> None:
    """Add a task that needs several nodes."""
    bench.task("compute", task_id, multi_instance_settings=settings(bench, instances), **options)


def subtasks(bench: Bench, task_id: str = "task") -> list[Any]:
    """List the subtasks of a task."""
    return list(bench.client.list_subtasks("job", task_id))


def state(bench: Bench, task_id: str = "task") -> str:
    """Return the state of a task."""
    return present(bench.client.get_task("job", task_id).state)


def test_all_nodes_coordinate_before_the_first_runs_the_command(wide: Bench, script: Script) -> None:
    """Every node is occupied until the command ends; the others are its subtasks."""
    several(wide)
    assert state(wide) == "running"
    assert {str(node.state.value) for node in wide.nodes()} == {"running"}
    assert [(each.id, each.state) for each in subtasks(wide)] == [(1, "running"), (2, "running")]
    wide.turn(minutes=1)
    assert [(each.state, each.exit_code, each.result) for each in subtasks(wide)] == [
        ("completed", 0, "success")
    ] * 2
    assert {node.running_tasks_count for node in wide.nodes()} == {1}
    wide.turn(minutes=5)
    assert (state(wide), wide.execution().exit_code) == ("completed", 0)
    task = wide.client.get_task("job", "task")
    assert {str(node.state.value) for node in wide.nodes()} == {"idle"}
    places = [task.node_info, *(each.node_info for each in subtasks(wide))]
    assert {place.node_id for place in places} == {node.id for node in wide.nodes()}
    commands = [attempt.command_line for attempt in script.attempts]
    assert commands == [COORDINATE] * 3 + ["compute"]
    assert wide.client.get_job_task_counts("job").task_counts.succeeded == 1


def test_every_node_is_told_of_all_others(wide: Bench, script: Script) -> None:
    """The environment has all addresses, the primary node, and a shared folder of the task."""
    several(wide)
    wide.turn(minutes=1)
    wide.turn(minutes=5)
    by_id = {node.id: node.ip_address for node in wide.nodes()}
    task = wide.client.get_task("job", "task")
    nodes = [task.node_info, *(each.node_info for each in subtasks(wide))]
    addresses = [by_id[node.node_id] for node in nodes]
    *coordination, command = script.attempts
    for attempt in (*coordination, command):
        environment = attempt.environment
        assert environment["AZ_BATCH_HOST_LIST"] == ",".join(addresses)
        assert environment["AZ_BATCH_NODE_LIST"] == ";".join(addresses)
        assert environment["AZ_BATCH_MASTER_NODE"] == f"{addresses[0]}:6000"
        assert environment["CCP_NODES"] == "3 " + " ".join(f"{address} 1" for address in addresses)
        assert environment["AZ_BATCH_TASK_SHARED_DIR"].endswith("workitems/job/job-1/task")
        assert environment["AZ_BATCH_TASK_ID"] == "task"
    masters = {
        attempt.directory.name: attempt.environment["AZ_BATCH_IS_CURRENT_NODE_MASTER"]
        for attempt in script.attempts
    }
    assert masters == {"0": "true", "1": "false", "2": "false", "task": "true"}


def test_a_task_waits_until_enough_nodes_are_free(wide: Bench) -> None:
    """Meanwhile, smaller tasks run."""
    wide.task(task_id="one")
    several(wide)
    wide.task(task_id="two")
    assert (state(wide), state(wide, "two")) == ("active", "running")
    assert subtasks(wide) == []
    wide.turn(minutes=5)
    assert state(wide) == "running"


@pytest.mark.parametrize("options", [{"enable_inter_node_communication": False}, {"slots": 2}])
def test_unfit_pools_never_run_it(bench_of: Callable[..., Bench], options: dict[str, Any]) -> None:
    """Unless nodes can communicate and run one task at a time, it stays active forever."""
    bench = bench_of(runner=ScriptedRunner(Script()))
    bench.pool(**{"nodes": 3, "enable_inter_node_communication": True, **options})
    bench.job()
    several(bench)
    bench.turn(hours=1)
    assert state(bench) == "active"


def test_one_subtask_fails_all(wide: Bench, script: Script) -> None:
    """The first failed coordination ends the attempt, which is retried as often as allowed."""
    script.codes["2"] = [9, 9]
    retries = wide.models.BatchTaskConstraints(max_task_retry_count=1)
    several(wide, constraints=retries)
    wide.turn(minutes=1)
    wide.turn(minutes=1)
    assert (state(wide), wide.execution().retry_count) == ("completed", 1)
    assert (wide.execution().exit_code, wide.failure().code) == (9, "FailureExitCode")
    assert subtasks(wide)[1].exit_code == 9
    assert "compute" not in {attempt.command_line for attempt in script.attempts}
    assert {str(node.state.value) for node in wide.nodes()} == {"idle"}


def test_a_lost_node_takes_the_attempt_with_it(wide: Bench, script: Script) -> None:
    """Whichever node it is, the task is active again and restarts once there are enough nodes."""
    several(wide)
    wide.turn(minutes=2)
    wide.reboot(subtasks(wide)[0].node_info.node_id)
    wide.turn(seconds=1)
    wide.turn(minutes=1)
    wide.turn(minutes=5)
    execution = wide.execution()
    assert (state(wide), execution.retry_count, execution.exit_code) == ("completed", 0, 0)
    assert [attempt.command_line for attempt in script.attempts].count(COORDINATE) == 6


@pytest.mark.parametrize("minutes", [0.5, 2])
def test_a_task_ended_by_hand_gives_all_nodes_back(wide: Bench, minutes: float) -> None:
    """While coordinating or running: it is completed, and everything in progress is ended."""
    several(wide)
    wide.turn(minutes=minutes)
    wide.client.terminate_task("job", "task")
    wide.turn(seconds=1)
    assert wide.failure().code == "TaskEnded"
    assert {str(each.state.value) for each in subtasks(wide)} == {"completed"}
    assert {str(node.state.value) for node in wide.nodes()} == {"idle"}


def test_a_deleted_task_gives_all_nodes_back(wide: Bench) -> None:
    """No node keeps anything of it."""
    several(wide)
    wide.turn(minutes=2)
    wide.client.delete_task("job", "task")
    wide.turn(seconds=1)
    assert {str(node.state.value) for node in wide.nodes()} == {"idle"}


def test_every_node_is_prepared_first(wide: Bench, script: Script) -> None:
    """Each of its nodes runs the job preparation, and the task is preparing until all are done."""
    wide.client.begin_delete_job("job", **WAIT).wait(120)
    wide.job(job_preparation_task=wide.models.BatchJobPreparationTask(command_line="get ready"))
    several(wide)
    assert state(wide) == "preparing"
    assert {str(each.state.value) for each in subtasks(wide)} == {"preparing"}
    wide.turn(minutes=5)
    assert state(wide) == "running"
    wide.turn(minutes=1)
    wide.turn(minutes=5)
    commands = [attempt.command_line for attempt in script.attempts]
    assert commands == ["get ready"] * 3 + [COORDINATE] * 3 + ["compute"]


def test_a_single_instance_is_the_default(wide: Bench, script: Script) -> None:
    """It coordinates with itself and has no subtasks; a task without coordination has none either."""
    several(wide, instances=None)
    wide.task(task_id="plain")
    wide.turn(minutes=1)
    assert (subtasks(wide), subtasks(wide, "plain")) == ([], [])
    assert [attempt.command_line for attempt in script.attempts].count(COORDINATE) == 1


def test_wrong_settings_are_refused(wide: Bench, refusal: Callable[..., Any]) -> None:
    """It needs at least one instance, and may not request slots."""
    refusal(lambda: several(wide, instances=0), status=400, code="InvalidPropertyValue")
    refusal(lambda: several(wide, required_slots=2), status=400, code="InvalidPropertyValue")


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """Serve a file over HTTP."""
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "hosts").write_text("common\n")
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path / "served"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hosts"
    server.shutdown()
    thread.join()
    server.server_close()


def test_real_commands_share_files(bench: Bench, url: str) -> None:
    """With processes: common files are in the task's folder on each node, each with its own output."""
    bench.pool(nodes=2, enable_inter_node_communication=True)
    bench.job()
    coordination = bench.sh('cat "$AZ_BATCH_TASK_SHARED_DIR/hosts"; echo $AZ_BATCH_IS_CURRENT_NODE_MASTER')
    file = bench.models.ResourceFile(http_url=url, file_path="hosts")
    gang = settings(bench, 2, coordination, common_resource_files=[file])
    task = bench.run(bench.sh('cat "$AZ_BATCH_TASK_SHARED_DIR/hosts"'), multi_instance_settings=gang)
    assert (task.execution_info.exit_code, bench.output()) == (0, "common\n")
    (subtask,) = subtasks(bench)
    output = f"{subtask.node_info.task_root_directory}/stdout.txt"
    node = subtask.node_info.node_id
    assert b"".join(bench.client.download_node_file("pool", node, output)) == b"common\nfalse\n"
