"""The program is killed or stopped in the middle of its work, and restarted on the same folder."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import AzureError

if TYPE_CHECKING:
    from tests.batch_emulator.store.program import Program

pytestmark = pytest.mark.soak

ENDS = [signal.SIGKILL, signal.SIGTERM]


def lines_of(log: Path) -> list[list[str]]:
    """Read what attempts wrote: task id, process, word."""
    return [line.split() for line in log.read_text().splitlines()] if log.exists() else []


def count(log: Path, word: str) -> Counter[str]:
    """Count each task's lines that end with a word."""
    return Counter(task_id for task_id, _, said in lines_of(log) if said == word)


def has_completed(program: Program, tasks: int) -> bool:
    """Tell whether at least so many tasks are completed."""
    return len(program.listed("completed")) >= tasks


def children_of(process: int) -> list[int]:
    """List the processes that a process has started."""
    lists = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for file in lists for child in file.read_text().split()]


def is_alive(process: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] not in {"Z", "X"}


def logging_script(log: Path, between: str) -> str:
    """Return a script that logs its start and its end."""
    say = f'echo "$AZ_BATCH_TASK_ID $$ %s" >> {log}'
    return f"{say % 'begin'}; {between}; echo done; {say % 'end'}"


@pytest.mark.parametrize("number", ENDS, ids=lambda number: number.name)
def test_interrupted_tasks_run_to_completion_and_completed_ones_not_again(
    program: Program, number: signal.Signals, tmp_path: Path
) -> None:
    """After a restart no task is lost, no completed one is repeated, and the rest is done."""
    log, gate = tmp_path / "log", tmp_path / "gate"
    process = program.start()
    program.pool(nodes=2, slots=4)
    program.job()
    program.tasks(logging_script(log, "true"), [f"quick{index}" for index in range(20)])
    program.until(lambda: len(program.listed("completed")) == 20)
    waits = logging_script(log, f"while ! test -e {gate}; do sleep 0.05; done")
    slow = [f"slow{index}" for index in range(12)]
    program.tasks(waits, slow)
    program.until(lambda: len(count(log, "begin")) == 28)
    before = program.listed("completed")
    nodes = {node.id for node in program.client.list_nodes("pool")}
    commands = [int(command) for _, command, said in lines_of(log) if said == "begin"]
    program.end(process, number)
    program.until(lambda: not any(map(is_alive, commands)))

    gate.touch()
    program.start()
    program.until(lambda: len(program.listed("completed")) == 32)
    after = program.listed()
    assert {task_id: after[task_id].as_dict() for task_id in before} == {
        task_id: task.as_dict() for task_id, task in before.items()
    }
    assert {task.execution_info.exit_code for task in after.values()} == {0}
    assert {task.execution_info.requeue_count for task in after.values()} == {0}
    assert {node.id for node in program.client.list_nodes("pool")} == nodes
    assert count(log, "end") == Counter(after.keys())
    assert set(count(log, "begin").values()) == {1, 2}
    assert all(count(log, "begin")[task_id] == 1 for task_id in before)
    for task_id in ("quick3", "slow3"):
        assert b"".join(program.client.download_task_file("job", task_id, "stdout.txt")) == b"done\n"


def test_thousand_quick_tasks_killed_midway(program: Program, tmp_path: Path) -> None:
    """After two kills all complete, and none that was seen completed runs again."""
    log = tmp_path / "log"
    process = program.start()
    program.pool(nodes=2, slots=8)
    program.job()
    ids = [f"t{index:04}" for index in range(1000)]
    program.tasks(logging_script(log, "true"), ids)
    seen: dict[str, Any] = {}
    attempts: dict[str, int] = {}
    for share in (200, 600):
        program.until(partial(has_completed, program, share))
        seen |= program.listed("completed")
        begun = count(log, "begin")
        attempts |= {task_id: begun[task_id] for task_id in seen}
        program.end(process, signal.SIGKILL)
        process = program.start()
        assert set(program.listed()) == set(ids)
    assert len(seen) < 1000
    program.until(lambda: len(program.listed("completed")) == 1000)
    tasks, begins, ends = program.listed(), count(log, "begin"), count(log, "end")
    assert {task.execution_info.exit_code for task in tasks.values()} == {0}
    assert {task_id: begins[task_id] for task_id in seen} == attempts
    assert {task_id: tasks[task_id].etag for task_id in seen} == {
        task_id: task.etag for task_id, task in seen.items()
    }
    assert set(ends) == set(ids)
    # What ends while nobody is left to be told is run again, and no more than that.
    assert sum(ends.values()) - 1000 <= 2 * 16
    assert max(begins.values()) <= 3


@dataclass
class Ledger:
    """What a client requested, and which of it was confirmed."""

    asked: set[str] = field(default_factory=set)
    added: set[str] = field(default_factory=set)
    doomed: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)

    def work(self, program: Program) -> None:
        """Add and delete tasks until the emulator is gone."""
        while True:
            ids = [f"t{len(self.asked) + index}" for index in range(7)]
            self.asked.update(ids)
            program.tasks("exit 0", ids)
            self.added.update(ids)
            self.doomed.add(ids[3])
            program.client.delete_task("job", ids[3])
            self.deleted.add(ids[3])


def test_every_confirmed_change_is_there_after_a_kill(program: Program) -> None:
    """Killed while a client adds and deletes tasks, the emulator keeps and runs all it confirmed."""
    ledger = Ledger()
    process = program.start()
    program.pool(nodes=1, slots=4)
    program.job()
    for turn in range(3):
        killer = threading.Timer(0.5 + turn / 7, process.kill)
        killer.start()
        with pytest.raises(AzureError):
            ledger.work(program)
        killer.join()
        program.end(process, signal.SIGKILL)
        process = program.start()
        present = set(program.listed())
        assert ledger.added - ledger.doomed <= present <= ledger.asked - ledger.deleted
    program.until(lambda: set(program.listed("completed")) == present)


def test_no_attempt_begins_while_a_process_of_the_one_before_may_live(
    program: Program, tmp_path: Path
) -> None:
    """The next emulator waits for a supervisor that is slow to end its processes."""
    log = tmp_path / "log"
    process = program.start()
    program.pool()
    program.job()
    program.tasks(logging_script(log, "trap '' TERM; while :; do sleep 0.05; done"), ["stubborn"])
    program.until(lambda: count(log, "begin"))
    (supervisor,) = children_of(process.pid)
    old = int(lines_of(log)[0][1])
    os.kill(supervisor, signal.SIGSTOP)
    try:
        program.end(process, signal.SIGKILL)
        following = program.launch()
        lock = program.data / "processes.lock"
        program.until(lambda: opened_by(following.pid, lock))
        assert is_alive(old)
        with pytest.raises(Exception, match="refused"):
            program.client.get_job("job")
    finally:
        os.kill(supervisor, signal.SIGCONT)
    assert following.stdout is not None
    assert following.stdout.readline()
    assert not is_alive(supervisor)
    assert not is_alive(old)
    program.until(lambda: count(log, "begin")["stubborn"] == 2)


def opened_by(process: int, file: Path) -> bool:
    """Whether a process has a file open."""
    try:
        links = [link.readlink() for link in Path(f"/proc/{process}/fd").iterdir()]
    except OSError:
        return False
    return file in links


def test_second_program_on_a_folder_is_refused(program: Program) -> None:
    """It says in one line that another program runs on the folder, and exits."""
    process = program.start()
    program.pool(nodes=0)
    sentence = program.refused(port=0)
    assert sentence == f"azure_batch_emulator: another emulator runs on {program.data}\n"
    assert program.client.get_pool("pool").state == "active"
    program.end(process, signal.SIGTERM)
    process = program.start()
    assert program.client.get_pool("pool").state == "active"
