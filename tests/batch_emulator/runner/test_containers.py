"""Tasks in containers: a stand-in program records what the engine's command line is given."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from azure.batch import BatchClient, models
from azure.core.credentials import AzureNamedKeyCredential

from azure_batch_emulator.errors import BadSetting
from azure_batch_emulator.runner.container_engine import ContainerEngine

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.batch_emulator.bench import Bench

STAND_IN = Path(__file__).with_name("stand_in_engine.py")


class StandIn:
    """The stand-in engine on PATH."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "engine"
        self.programs = folder / "programs"
        self.state.mkdir()
        self.programs.mkdir()
        for name in ("images", "registry", "calls"):
            (self.state / name).touch()
        (self.state / "images").write_text("scorer:1\n")
        program = self.programs / "docker"
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S {STAND_IN} {self.state} "$@"\n')
        program.chmod(0o755)

    def calls(self, subcommand: str) -> list[list[str]]:
        """List the calls of a subcommand, as they were made."""
        calls = [json.loads(line) for line in (self.state / "calls").read_text().splitlines()]
        return [call for call in calls if call[0] == subcommand]

    @property
    def containers(self) -> list[Path]:
        """List the containers that are there."""
        return list(self.state.glob("*.json"))


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """Put the stand-in first on PATH."""
    engine = StandIn(tmp_path)
    monkeypatch.setenv("PATH", f"{engine.programs}:{os.environ['PATH']}")
    return engine


@pytest.fixture
def contained(engine: StandIn, bench_of: Callable[..., Bench]) -> Bench:
    """Start an emulator that runs containers, with a pool and a job."""
    assert not engine.containers
    bench = bench_of(containers=True, image_aliases={"registry.example/scorer": "scorer:1"})
    open_pool(bench)
    return bench


def open_pool(bench: Bench, *images: str) -> None:
    """Make a pool that runs containers, and a job."""
    configuration = models.BatchContainerConfiguration(
        type="dockerCompatible", container_image_names=list(images)
    )
    bench.pool(virtual_machine_configuration=bench.machine(container_configuration=configuration))
    bench.job()


def image(name: str = "scorer:1", **options: Any) -> Any:
    """Name the image of a task."""
    return models.BatchTaskContainerSettings(image_name=name, **options)


def test_command_runs_in_its_image(contained: Bench, engine: StandIn) -> None:
    """The container's output and exit code are the task's."""
    script = contained.sh("pwd; echo $AZ_BATCH_TASK_ID; exit 3")
    task = contained.run(script, container_settings=image("registry.example/scorer"))
    info = task.execution_info.container_info
    assert (task.execution_info.exit_code, info.state, len(info.container_id)) == (3, "exited", 64)
    node = contained.nodes()[0]
    root = contained.emulator.settings.data / "nodes" / "pool" / node.id
    assert contained.output() == f"{root}/workitems/job/job-1/task/wd\ntask\n"
    (created,) = engine.calls("create")
    assert created[-4:] == ["scorer:1", "/bin/sh", "-c", "pwd; echo $AZ_BATCH_TASK_ID; exit 3"]
    assert f"type=bind,source={root},target={root}" in created
    assert created[created.index("--user") + 1] == f"{os.getuid()}:{os.getgid()}"
    assert created[created.index("--network") + 1] == "host"
    assert "--init" in created
    assert engine.containers == []


def test_task_without_an_image_is_a_process(engine: StandIn, bench_of: Callable[..., Bench]) -> None:
    """Even where containers run."""
    bench = bench_of(containers=True)
    bench.pool()
    bench.job()
    assert bench.run(bench.sh("echo plain")).execution_info.container_info is None
    assert (bench.output(), engine.calls("create")) == ("plain\n", [])


def test_no_value_of_a_variable_is_in_a_command_line(contained: Bench, engine: StandIn) -> None:
    """Variables with any content reach the container, and no command line shows one."""
    values = {"TOKEN": "top secret #=", "LINES": "two\nsecret lines", "LONG": "secret" * 20_000, "EMPTY": ""}
    settings = [models.EnvironmentSetting(name=name, value=value) for name, value in values.items()]
    script = contained.sh('echo "$TOKEN|$LINES|${#LONG}|${EMPTY-unset}"')
    contained.run(script, environment_settings=settings, container_settings=image())
    assert contained.output() == "top secret #=|two\nsecret lines|120000|\n"
    assert "secret" not in (engine.state / "calls").read_text().replace(json.dumps(script), "")
    assert list((contained.emulator.settings.data / "containers").iterdir()) == []


def test_empty_command_line_runs_the_entry_point(contained: Bench, engine: StandIn) -> None:
    """Without a command line the engine gets the image alone."""
    assert contained.run("", container_settings=image()).execution_info.exit_code == 0
    assert contained.output() == "the entry point\n"
    assert engine.calls("create")[0][-1] == "scorer:1"


def test_run_options_come_right_before_the_image(contained: Bench, engine: StandIn) -> None:
    """They are split as in a shell; `--rm` is dropped, because it would hide the exit code."""
    options = "--rm --cpus 2 --network none --label 'a b'"
    contained.run("/bin/true", container_settings=image(container_run_options=options))
    (created,) = engine.calls("create")
    assert created[-8:] == ["--cpus", "2", "--network", "none", "--label", "a b", "scorer:1", "/bin/true"]
    assert created.count("--network") == 1


@pytest.mark.parametrize(
    ("mounts", "seen"),
    [
        pytest.param(None, ["{root}"], id="absent"),
        pytest.param([], [], id="none"),
        pytest.param(
            [("Shared", True), ("Task", False), ("Startup", None)],
            ["{root}/shared,readonly", "{root}/workitems/job/job-1/task", "{root}/startup"],
            id="named",
        ),
        pytest.param(
            [("VfsMounts", None), ("Applications", True), ("JobPrep", None)],
            ["{root}/fsmounts", "{root}/applications,readonly"],
            id="others",
        ),
    ],
)
def test_container_sees_the_folders_it_names(
    contained: Bench, engine: StandIn, mounts: list[tuple[str, bool | None]] | None, seen: list[str]
) -> None:
    """The whole node by default, nothing for an empty list, else what is named."""
    binds = None
    if mounts is not None:
        binds = [models.ContainerHostBatchBindMountEntry(source=s, is_read_only=only) for s, only in mounts]
    contained.run("/bin/true", container_settings=image(container_host_batch_bind_mounts=binds))
    (created,) = engine.calls("create")
    root = contained.emulator.settings.data / "nodes" / "pool" / contained.nodes()[0].id
    given = [created[place + 1] for place, word in enumerate(created) if word == "--mount"]
    assert [mount.partition("target=")[2] for mount in given] == [name.format(root=root) for name in seen]


def test_folder_that_a_task_made_a_link_is_not_mounted(contained: Bench, engine: StandIn) -> None:
    """The engine would follow a link to the host, so the task fails before the engine is called."""
    contained.run("/bin/true", "first", container_settings=image())
    shared = contained.emulator.settings.data / "nodes/pool" / contained.nodes()[0].id / "shared"
    shared.rmdir()
    shared.symlink_to("/")
    binds = [models.ContainerHostBatchBindMountEntry(source="Shared", is_read_only=True)]
    settings = image(container_host_batch_bind_mounts=binds)
    failure = contained.run("/bin/true", container_settings=settings).execution_info.failure_info
    assert failure.code == "ContainerInvalidSettings"
    assert (failure.details[0].name, failure.details[0].value) == ("Folder", "shared")
    assert len(engine.calls("create")) == 1


def test_image_may_say_where_the_command_begins(contained: Bench, engine: StandIn) -> None:
    """With containerImageDefault, no working directory is passed."""
    contained.run("/bin/true", container_settings=image(working_directory="containerImageDefault"))
    assert "--workdir" not in engine.calls("create")[0]


def test_pool_wide_administrator_is_whoever_the_image_says(contained: Bench, engine: StandIn) -> None:
    """For a pool-scope administrator, the image's user stays."""
    auto_user = models.AutoUserSpecification(scope="pool", elevation_level="admin")
    identity = models.UserIdentity(auto_user=auto_user)
    contained.run("/bin/true", container_settings=image(), user_identity=identity)
    assert "--user" not in engine.calls("create")[0]


@pytest.mark.parametrize(
    ("settings", "command", "code"),
    [
        pytest.param(image("unheard-of"), "/bin/true", "ContainerInvalidImage", id="image"),
        pytest.param(
            image(container_run_options="--no-such"), "/bin/true", "ContainerInvalidSettings", id="option"
        ),
        pytest.param(
            image(container_run_options="'open"), "/bin/true", "ContainerInvalidSettings", id="quote"
        ),
        pytest.param(image(), "/no/such/program", "CommandLaunchFailed", id="program"),
    ],
)
def test_container_that_cannot_start_says_why(
    contained: Bench, engine: StandIn, settings: Any, command: str, code: str
) -> None:
    """Image, options and program have an error code each, and nothing is left behind."""
    execution = contained.run(command, container_settings=settings).execution_info
    assert (execution.failure_info.code, execution.exit_code) == (code, None)
    assert engine.containers == []


def test_image_is_pulled_once_for_many_tasks(contained: Bench, engine: StandIn) -> None:
    """A missing image is pulled the first time."""
    (engine.state / "registry").write_text("far:2\n")
    for number in range(3):
        contained.run("/bin/true", f"t{number}", container_settings=image("far:2"))
    assert len(engine.calls("pull")) == 1


def test_node_pulls_its_pools_images_before_it_is_idle(
    engine: StandIn, bench_of: Callable[..., Bench]
) -> None:
    """Idle nodes have their pool's images."""
    (engine.state / "registry").write_text("far:2\n")
    bench = bench_of(containers=True)
    open_pool(bench, "scorer:1", "far:2")
    bench.until(lambda: bench.nodes()[0].state == "idle")
    assert engine.calls("pull") == [["pull", "far:2"]]


def test_node_without_its_pools_image_is_unusable(engine: StandIn, bench_of: Callable[..., Bench]) -> None:
    """If a pool's image cannot be pulled, its nodes are unusable, with an error that names it."""
    bench = bench_of(containers=True)
    open_pool(bench, "unheard-of")
    bench.until(lambda: bench.nodes()[0].state == "unusable")
    (error,) = bench.nodes()[0].errors
    assert error.code == "ContainerInvalidImage"
    assert "unheard-of" in {detail.value for detail in error.error_details}
    assert engine.calls("create") == []


def test_terminated_task_ends_politely(engine: StandIn, bench_of: Callable[..., Bench]) -> None:
    """The signal reaches the command in the container, whose own exit code is kept."""
    contained = bench_of(containers=True, stop_grace=timedelta(minutes=2))
    open_pool(contained)
    script = contained.sh("trap 'echo cleaned; exit 5' TERM; echo up; while :; do sleep 0.05; done")
    contained.task(script, container_settings=image())
    contained.running()
    contained.client.terminate_task("job", "task")
    execution = contained.ended().execution_info
    assert (execution.exit_code, execution.failure_info.code) == (5, "TaskEnded")
    assert (contained.output(), engine.containers) == ("up\ncleaned\n", [])


@pytest.mark.parametrize("ending", ["terminate", "time limit", "delete"])
def test_stubborn_container_is_removed(contained: Bench, engine: StandIn, ending: str) -> None:
    """A command that ignores the signal ends with its container."""
    limits = models.BatchTaskConstraints(max_wall_clock_time=timedelta(minutes=1))
    script = contained.sh("trap '' TERM; echo up; while :; do sleep 0.05; done")
    contained.task(script, container_settings=image(), constraints=limits)
    contained.running()
    if ending == "terminate":
        contained.client.terminate_task("job", "task")
    elif ending == "delete":
        contained.client.delete_task("job", "task")
    else:
        contained.advance(minutes=2)
    contained.until(lambda: not engine.containers)
    if ending != "delete":
        assert contained.ended().execution_info.exit_code == 137


def test_pre_emption_removes_the_container(engine: StandIn, bench_of: Callable[..., Bench]) -> None:
    """A preempted node's containers go with it."""
    bench = bench_of(containers=True)
    configuration = models.BatchContainerConfiguration(type="dockerCompatible")
    machine = bench.machine(container_configuration=configuration)
    bench.pool(nodes=0, target_low_priority_nodes=1, virtual_machine_configuration=machine)
    bench.job()
    bench.task(bench.sh("echo up; exec sleep 60"), container_settings=image())
    bench.running()
    bench.emulator.node_faults.preempt("pool", None, away=timedelta(minutes=5))
    bench.until(lambda: bench.in_state("active"))
    assert engine.containers == []


def test_emulators_end_removes_every_container(engine: StandIn, bench_of: Callable[..., Bench]) -> None:
    """No container outlives the emulator."""
    bench = bench_of(containers=True)
    open_pool(bench)
    bench.task(bench.sh("trap '' TERM; echo up; exec sleep 60"), container_settings=image())
    bench.running()
    bench.emulator.__exit__(None, None, None)
    assert engine.containers == []


def test_containers_of_a_dead_emulator_are_removed_at_the_next_start(
    engine: StandIn, bench_of: Callable[..., Bench], tmp_path: Path
) -> None:
    """Those of the same folder are removed; others stay."""
    first = bench_of(containers=True, data=tmp_path / "data")
    open_pool(first)
    first.run("/bin/true", container_settings=image())
    (created,) = engine.calls("create")
    first.emulator.__exit__(None, None, None)
    label = created[created.index("--label") + 1]
    for name in (label, "somebody=else"):
        subprocess.run([engine.programs / "docker", "create", "--label", name, "scorer:1"], check=True)
    bench_of(containers=True, data=tmp_path / "data")
    (left,) = engine.containers
    assert json.loads(left.read_text())["labels"] == ["somebody=else"]


def test_supervisor_removes_containers_when_the_emulator_is_killed(
    bench: Bench, engine: StandIn, tmp_path: Path
) -> None:
    """After a kill of the emulator, its supervisor removes the containers."""
    options = [
        "--account",
        "a",
        "--key",
        "c29tZSBrZXk=",
        "--data",
        str(tmp_path / "data"),
        "--boot-seconds",
        "0",
    ]
    root = Path(__file__).resolve().parents[3] / "batch_emulator"
    process = subprocess.Popen(
        [sys.executable, "-m", "azure_batch_emulator", *options, "--runner", "container"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    with process.stdout, submit(json.loads(process.stdout.readline())["endpoint"]) as client:
        bench.until(lambda: client.get_task("j", "t").state == "running" and started(engine))
        process.send_signal(signal.SIGKILL)
        process.wait()
    bench.until(lambda: not engine.containers)
    assert engine.calls("rm")


def started(engine: StandIn) -> bool:
    """Whether a container's command is running."""
    return any(json.loads(file.read_text() or "{}").get("pid") for file in engine.containers)


def submit(endpoint: str) -> BatchClient:
    """Make a pool, a job, and a task in a container that does not end."""
    client = BatchClient(endpoint, AzureNamedKeyCredential("a", "c29tZSBrZXk="))
    reference = models.BatchVmImageReference(publisher="p", offer="o", sku="s", version="latest")
    machine = models.VirtualMachineConfiguration(
        image_reference=reference,
        node_agent_sku_id="n",
        container_configuration=models.BatchContainerConfiguration(type="dockerCompatible"),
    )
    client.create_pool(
        models.BatchPoolCreateOptions(
            id="p", vm_size="standard_d2s_v3", target_dedicated_nodes=1, virtual_machine_configuration=machine
        )
    )
    client.create_job(models.BatchJobCreateOptions(id="j", pool_info=models.BatchPoolInfo(pool_id="p")))
    task = models.BatchTaskCreateOptions(id="t", command_line="/bin/sleep 60", container_settings=image())
    client.create_task("j", task)
    return client


def test_no_engine_is_one_clear_sentence(tmp_path: Path) -> None:
    """The emulator does not start, and says what it looked for."""
    with pytest.raises(BadSetting, match="needs docker or podman on PATH, and there is none"):
        ContainerEngine.find(None, {"PATH": str(tmp_path)})
    with pytest.raises(BadSetting, match="needs podman on PATH"):
        ContainerEngine.find("podman", {"PATH": str(tmp_path)})


def test_engine_that_does_not_answer_is_told(tmp_path: Path) -> None:
    """The error quotes an engine whose service is down."""
    program = tmp_path / "docker"
    program.write_text("#!/bin/sh\necho 'Cannot connect to the daemon.' >&2\nexit 1\n")
    program.chmod(0o755)
    with pytest.raises(BadSetting, match=r"does not answer \(Cannot connect to the daemon"):
        ContainerEngine.find(None, {"PATH": f"{tmp_path}:/bin"})


def test_engine_sees_nothing_of_the_emulators_secrets() -> None:
    """The engine's environment contains only variables about engines."""
    environment = {"DOCKER_HOST": "unix:///x", "AZURE_BATCH_EMULATOR_KEY": "secret", "https_proxy": "p"}
    assert ContainerEngine("docker", environment).environment == {
        "DOCKER_HOST": "unix:///x",
        "https_proxy": "p",
    }
