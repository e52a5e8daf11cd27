"""Turning the clock, and showing and resetting the account, through the control plane."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from azure_batch_emulator.clock import SystemClock
from azure_batch_emulator.runner.scripted import Outcome, ScriptedRunner, succeed
from azure_batch_emulator.server import EmulatorServer
from tests.batch_emulator.bench import present

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from azure_batch_emulator.runner.interface import AttemptSpec
    from tests.batch_emulator.bench import Bench

START = "2026-03-04T10:00:00.0000000Z"


def half_a_minute(_: AttemptSpec) -> Outcome:
    """Make every attempt take thirty seconds."""
    return Outcome(seconds=30)


def by_its_last_digit(attempt: AttemptSpec) -> Outcome:
    """Make an attempt take its task's last digit in seconds, and fail if that is seven."""
    digit = int(attempt.environment["AZ_BATCH_TASK_ID"][-1])
    return Outcome(int(digit == 7), seconds=digit)


def ask(bench: Bench, method: str, path: str, **body: Any) -> Any:
    """Send a request to the control plane; return the response."""
    url = f"{bench.emulator.endpoint}/_emulator/{path}"
    with httpx.Client(trust_env=False, timeout=20) as controls:
        return controls.request(method, url, json=body).raise_for_status().json()


def test_turned_clock_lets_everything_happen_at_its_moment(bench_of: Callable[..., Bench]) -> None:
    """In one turn of ten minutes a node boots and a task runs and ends, each exactly on time."""
    bench = bench_of(controls=True, boot=timedelta(minutes=4), runner=ScriptedRunner(half_a_minute))
    assert ask(bench, "GET", "clock") == {"now": START, "isManual": True}
    bench.pool()
    bench.job()
    bench.task()
    assert ask(bench, "POST", "clock", seconds=600)["now"] == "2026-03-04T10:10:00.0000000Z"
    info = bench.execution()
    assert present(info.start_time).isoformat() == "2026-03-04T10:04:00+00:00"
    assert present(info.end_time).isoformat() == "2026-03-04T10:04:30+00:00"


def test_clock_that_runs_by_itself_is_not_turned(bench_of: Callable[..., Bench]) -> None:
    """Without a manual clock the request is a conflict that names the option."""
    bench = bench_of(controls=True, clock=SystemClock())
    assert ask(bench, "GET", "clock")["isManual"] is False
    with pytest.raises(httpx.HTTPStatusError) as caught:
        ask(bench, "POST", "clock", seconds=1)
    assert caught.value.response.status_code == 409
    assert "--manual-clock" in caught.value.response.json()["message"]["value"]


@pytest.mark.parametrize("wrong", [{}, {"seconds": -1}, {"seconds": "soon"}, {"seconds": 1, "hours": 1}])
def test_wrong_turns_are_refused(bench_of: Callable[..., Bench], wrong: dict[str, Any]) -> None:
    """A turn takes just a non-negative span; otherwise time stays where it was."""
    bench = bench_of(controls=True)
    with pytest.raises(httpx.HTTPStatusError) as caught:
        ask(bench, "POST", "clock", **wrong)
    assert caught.value.response.status_code == 400
    assert ask(bench, "GET", "clock")["now"] == START


def test_state_shows_what_clients_could_ask_for_one_by_one(bench_of: Callable[..., Bench]) -> None:
    """Pools with nodes, jobs with tasks and counts, in the service's format."""
    bench = bench_of(controls=True, runner=ScriptedRunner(by_its_last_digit))
    bench.pool(nodes=2)
    bench.job()
    for number in (5, 7):
        bench.task(task_id=f"t{number}")
    bench.advance(seconds=60)
    state = ask(bench, "GET", "state")
    pool, job = state["pools"][0], state["jobs"][0]
    assert [node["id"] for node in pool["nodes"]] == [node.id for node in bench.nodes()]
    assert [(task["id"], task["executionInfo"]["result"]) for task in job["tasks"]] == [
        ("t5", "success"),
        ("t7", "failure"),
    ]
    assert job["taskCounts"] | {"completed": 2, "failed": 1} == job["taskCounts"]
    assert state["pendingFaults"] == []


def test_state_shows_no_secret(bench_of: Callable[..., Bench]) -> None:
    """The request needs no signature, so the response has no signature, key, password or variable."""
    bench = bench_of(controls=True, runner=ScriptedRunner(succeed))
    models = bench.models
    registry = models.ContainerRegistryReference(username="me", password="c2VjcmV0")
    containers = models.BatchContainerConfiguration(type="dockerCompatible", container_registries=[registry])
    bench.pool(virtual_machine_configuration=bench.machine(container_configuration=containers))
    bench.job(common_environment_settings=[models.EnvironmentSetting(name="COMMON", value="c2VjcmV0")])
    signed = "http://127.0.0.1:1/c/b?se=2099-01-01&sig=c2VjcmV0"
    bench.run(
        "look at http://127.0.0.1:1/x?sig=c2VjcmV0",
        container_settings=models.BatchTaskContainerSettings(image_name="scorer:1"),
        environment_settings=[models.EnvironmentSetting(name="OWN", value="c2VjcmV0")],
        resource_files=[models.ResourceFile(http_url=signed, file_path="x")],
    )
    text = json.dumps(ask(bench, "GET", "state"))
    assert "c2VjcmV0" not in text
    assert text.count("sig=REDACTED") == 2
    assert present(bench.client.get_task("job", "task").resource_files)[0].http_url == signed


def test_same_orders_under_a_manual_clock_end_in_the_same_state(bench_of: Callable[..., Bench]) -> None:
    """Two emulators with equal requests and rules called in order differ only in their port."""
    states = []
    for _ in range(2):
        runner = ScriptedRunner(by_its_last_digit, threads=1)
        bench = bench_of(controls=True, boot=timedelta(minutes=1), runner=runner)
        bench.pool(nodes=0, target_low_priority_nodes=3, slots=2)
        bench.job()
        for number in range(40):
            bench.task(task_id=f"t{number}")
        bench.advance(seconds=70)
        bench.emulator.node_faults.preempt("pool", bench.nodes()[1].id)
        bench.advance(hours=1)
        text = json.dumps(ask(bench, "GET", "state"))
        states.append(text.replace(bench.emulator.endpoint, "http://batch"))
    assert states[0] == states[1]
    assert '"completed": 40' in states[0]


def test_reset_leaves_nothing_behind(bench_of: Callable[..., Bench], tmp_path: Path) -> None:
    """Processes end, and pools, jobs, files, faults and quotas are as at the start, with ids free again."""
    bench = bench_of(controls=True, data=tmp_path / "kept")
    bench.pool()
    bench.job()
    bench.task(bench.sh("echo up $$; exec sleep 600"))
    pid = int(bench.running() and bench.output().split()[1])
    ask(bench, "POST", "faults/throttle", operation="get_task")
    ask(bench, "POST", "quotas", pools=1)
    assert ask(bench, "DELETE", "state") == {}
    bench.until(lambda: not _is_alive(pid))
    state = ask(bench, "GET", "state")
    assert (state["pools"], state["jobs"], state["pendingFaults"]) == ([], [], [])
    assert state["quotas"]["pools"] == 100
    assert ask(bench, "GET", "requests")["requests"] == 0
    bench.pool()
    bench.job()
    assert bench.run("/bin/true").execution_info.exit_code == 0
    bench.until(lambda: len(list((tmp_path / "kept" / "nodes").iterdir())) == 1)


def test_reset_is_kept(bench_of: Callable[..., Bench], tmp_path: Path) -> None:
    """After a restart, what was there before the reset is still gone."""
    data = tmp_path / "kept"
    bench = bench_of(controls=True, data=data)
    bench.pool()
    bench.job()
    bench.run("/bin/true")
    ask(bench, "DELETE", "state")
    bench.emulator.__exit__(None, None, None)
    with EmulatorServer(data=data) as again:
        assert again.call(lambda engine: (len(engine.account.pools), len(engine.account.jobs))) == (0, 0)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
