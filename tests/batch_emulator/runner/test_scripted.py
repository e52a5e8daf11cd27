"""Attempts decided by a rule, through the real SDK: how and when they end, and what they leave."""

from __future__ import annotations

import http.server
import logging
import sys
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from azure_batch_emulator.clock import SystemClock
from azure_batch_emulator.runner.scripted import Outcome, ScriptedRunner, fail, succeed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from azure_batch_emulator.runner.interface import AttemptSpec
    from tests.batch_emulator.bench import Bench

MANY = 1000
NEVER_SECONDS = 240.0
"""A guard against hanging; nothing here takes that long, however busy the machine."""


@pytest.fixture
def ruled(bench_of: Callable[..., Bench]) -> Callable[..., Bench]:
    """Start emulators whose attempts a rule decides, with a pool and a job."""

    def start(rule: Any, *, slots: int = 1, **settings: Any) -> Bench:
        bench = bench_of(runner=ScriptedRunner(rule), **settings)
        bench.pool(slots=slots)
        bench.job()
        bench.advance(seconds=0)
        return bench

    return start


class Shop:
    """Accepts uploads and remembers them."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        blobs = self.blobs

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                length = int(self.headers["Content-Length"])
                blobs[self.path.partition("?")[0]] = self.rfile.read(length)
                self.send_response(201)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Stay silent."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/box?sig=x"


@pytest.fixture
def shop() -> Iterator[Shop]:
    """Open a place to upload to."""
    shop = Shop()
    thread = threading.Thread(target=shop.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield shop
    shop.server.shutdown()
    thread.join()
    shop.server.server_close()


def logs_to(bench: Bench, url: str, *, when: str = "taskcompletion") -> Any:
    """Describe the upload of both output streams."""
    models = bench.models
    return models.OutputFile(
        file_pattern="../std*.txt",
        destination=models.OutputFileDestination(
            container=models.OutputFileBlobContainerDestination(container_url=url, path="logs")
        ),
        upload_options=models.OutputFileUploadConfiguration(upload_condition=when),
    )


def outcome_of(task: Any) -> tuple[Any, ...]:
    """Return state, exit code and result of a task."""
    return task.state, task.execution_info.exit_code, task.execution_info.result


@pytest.mark.parametrize(
    ("rule", "code", "result"), [(succeed, 0, "success"), (fail, 1, "failure"), (lambda _: 7, 7, "failure")]
)
def test_rule_decides_the_exit_code(ruled: Any, rule: Any, code: int, result: str) -> None:
    """No process runs: the rule's code is the task's, at once."""
    bench = ruled(rule)
    bench.task("/no/such/program")
    bench.advance(seconds=0)
    assert outcome_of(bench.client.get_task("job", "task")) == ("completed", code, result)


def test_rule_sees_the_whole_order(ruled: Any) -> None:
    """It gets command line, environment, image and an existing working directory."""
    seen: list[AttemptSpec] = []

    def rule(attempt: AttemptSpec) -> Outcome:
        seen.append(attempt)
        (attempt.directory / "wd" / "made.txt").write_text("by the rule")
        return Outcome(stdout="out\n", stderr="err\n")

    bench = ruled(rule)
    settings = [bench.models.EnvironmentSetting(name="COLOUR", value="blue")]
    bench.task("score --fast", environment_settings=settings)
    bench.advance(seconds=0)
    assert (seen[0].command_line, seen[0].environment["COLOUR"]) == ("score --fast", "blue")
    assert seen[0].environment["AZ_BATCH_TASK_ID"] == "task"
    assert (bench.output(), bench.output(file="stderr.txt")) == ("out\n", "err\n")
    assert bench.output(file="wd/made.txt") == "by the rule"


def test_attempt_lasts_by_the_emulators_clock(ruled: Any) -> None:
    """An attempt of ninety seconds ends ninety seconds after its start, to the microsecond."""
    bench = ruled(lambda _: Outcome(3, seconds=90, stdout="working\n"))
    bench.task()
    bench.advance(seconds=89)
    assert bench.client.get_task("job", "task").state == "running"
    assert bench.output() == "working\n"
    bench.advance(minutes=10)
    info = bench.client.get_task("job", "task").execution_info
    assert (info.exit_code, info.end_time - info.start_time) == (3, timedelta(seconds=90))


def test_one_turn_of_the_clock_goes_through_a_queue(ruled: Any) -> None:
    """Tasks that wait for one slot run one after the other within a single turn."""
    bench = ruled(lambda _: Outcome(seconds=60))
    for number in range(5):
        bench.task(task_id=f"t{number}")
    bench.advance(minutes=5)
    infos = [task.execution_info for task in bench.client.list_tasks("job")]
    assert all(info.result == "success" for info in infos)
    assert max(info.end_time for info in infos) - min(info.start_time for info in infos) == timedelta(
        minutes=5
    )


def test_failed_attempt_is_tried_again(ruled: Any) -> None:
    """The rule is called once per attempt, and a code other than 0 leads to the next attempt."""
    codes = iter((9, 9, 0))
    bench = ruled(lambda _: Outcome(next(codes), seconds=1))
    bench.task(constraints=bench.models.BatchTaskConstraints(max_task_retry_count=2))
    bench.advance(seconds=3)
    task = bench.client.get_task("job", "task")
    assert outcome_of(task) == ("completed", 0, "success")
    assert task.execution_info.retry_count == 2


def test_lost_attempt_runs_again_uncounted(ruled: Any) -> None:
    """A lost attempt is no failure: the task is active again, and nothing is counted."""
    answers = iter((Outcome.lost(seconds=5), Outcome()))
    bench = ruled(lambda _: next(answers))
    bench.task()
    bench.advance(seconds=5)
    info = bench.client.get_task("job", "task").execution_info
    assert (info.result, info.retry_count, info.requeue_count) == ("success", 0, 0)


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        pytest.param(lambda _: 1 / 0, "ZeroDivisionError: division by zero\n", id="raises"),
        pytest.param(
            lambda _: "0", "TypeError: a rule returns an exit code or an Outcome, not '0'\n", id="type"
        ),
        pytest.param(
            lambda _: Outcome(seconds=-1), "ValueError: an attempt cannot last -1 seconds\n", id="time"
        ),
        pytest.param(lambda _: sys.exit(4), "SystemExit: 4\n", id="exit"),
    ],
)
def test_fault_of_a_rule_fails_the_attempt(
    ruled: Any, rule: Any, sentence: str, caplog: pytest.LogCaptureFixture
) -> None:
    """An exception of the rule is logged and written to stderr, with exit code 1."""
    bench = ruled(rule)
    bench.task()
    with caplog.at_level(logging.ERROR):
        bench.advance(seconds=0)
    assert outcome_of(bench.client.get_task("job", "task")) == ("completed", 1, "failure")
    assert bench.output(file="stderr.txt") == sentence
    assert "the rule failed for task" in caplog.text


def test_terminated_attempt_does_not_wait_out_its_seconds(ruled: Any) -> None:
    """A terminated task ends at once, without an exit code, and frees its slot."""
    bench = ruled(lambda _: Outcome(seconds=3600))
    bench.task()
    bench.advance(seconds=1)
    bench.client.terminate_task("job", "task")
    bench.advance(seconds=0)
    task = bench.client.get_task("job", "task")
    assert outcome_of(task) == ("completed", None, "failure")
    assert task.execution_info.failure_info.message == "Task Was Ended by User Request"
    assert bench.nodes()[0].state == "idle"
    bench.advance(hours=2)
    assert bench.client.get_task("job", "task").etag == task.etag


def test_terminated_rule_ends_its_attempt_when_it_returns(ruled: Any) -> None:
    """A rule cannot be interrupted, and its late result is ignored."""
    entered, leave = threading.Event(), threading.Event()

    def rule(_order: AttemptSpec) -> int:
        entered.set()
        leave.wait(NEVER_SECONDS)
        return 0

    bench = ruled(rule)
    bench.task()
    assert entered.wait(NEVER_SECONDS)
    bench.client.terminate_task("job", "task")
    assert bench.client.get_task("job", "task").state == "running"
    leave.set()
    assert outcome_of(bench.ended()) == ("completed", None, "failure")


def test_attempt_over_its_wall_clock_time_is_ended_and_uploaded(ruled: Any, shop: Shop) -> None:
    """A time limit ends it exactly on time, and logs are still uploaded."""
    bench = ruled(lambda _: Outcome(seconds=3600, stdout="begun\n"))
    limits = bench.models.BatchTaskConstraints(max_wall_clock_time=timedelta(minutes=2))
    bench.task(constraints=limits, output_files=[logs_to(bench, shop.url, when="taskfailure")])
    bench.advance(minutes=3)
    info = bench.client.get_task("job", "task").execution_info
    assert (info.failure_info.code, info.end_time - info.start_time) == ("TaskEnded", timedelta(minutes=2))
    assert shop.blobs["/box/logs/stdout.txt"] == b"begun\n"


def test_output_files_are_uploaded(ruled: Any, shop: Shop) -> None:
    """The rule's files are uploaded before the task is completed, with a log of the upload."""
    bench = ruled(lambda _: Outcome(stdout="o", stderr="e", seconds=2))
    bench.task(output_files=[logs_to(bench, shop.url)])
    bench.advance(seconds=1)
    assert shop.blobs == {}
    bench.advance(seconds=1)
    assert bench.client.get_task("job", "task").state == "completed"
    assert shop.blobs == {"/box/logs/stdout.txt": b"o", "/box/logs/stderr.txt": b"e"}
    assert "uploaded stdout.txt" in bench.output(file="fileuploadout.txt")


def test_failed_upload_fails_the_task(ruled: Any) -> None:
    """The task fails, and keeps the rule's exit code."""
    bench = ruled(succeed)
    bench.task(output_files=[logs_to(bench, "http://127.0.0.1:9/box?sig=x")])
    info = bench.ended().execution_info
    assert (info.exit_code, info.failure_info.code) == (0, "FileUploadMiscError")


def test_start_task_asks_the_rule_too(bench_of: Any) -> None:
    """A pool's start task is an attempt like others, and nodes wait for it."""
    bench = bench_of(runner=ScriptedRunner(lambda _: Outcome(seconds=30)))
    bench.pool(start_task=bench.models.BatchStartTask(command_line="prepare"))
    bench.advance(seconds=29)
    assert bench.nodes()[0].state == "waitingforstarttask"
    bench.advance(seconds=1)
    assert bench.nodes()[0].state == "idle"


def test_seconds_pass_by_the_machines_clock_too(bench_of: Any) -> None:
    """With the system's clock, an attempt really takes its seconds."""
    bench = bench_of(runner=ScriptedRunner(lambda _: Outcome(seconds=0.3)), clock=SystemClock())
    bench.pool()
    bench.job()
    bench.task()
    info = bench.ended().execution_info
    assert timedelta(seconds=0.3) <= info.end_time - info.start_time


def test_a_thousand_tasks_all_end(bench_of: Any) -> None:
    """Added a hundred at a time while earlier ones end at once; ``make bench-emulator`` says how fast."""
    bench = bench_of(runner=ScriptedRunner(succeed), clock=SystemClock())
    bench.pool(nodes=8, slots=4)
    bench.job()
    tasks = [bench.task_options(task_id=f"t{number}") for number in range(MANY)]
    for start in range(0, MANY, 100):
        bench.client.create_task_collection(
            "job", bench.models.BatchTaskGroup(task_values=tasks[start : start + 100])
        )
    bench.until(lambda: bench.client.get_job_task_counts("job").task_counts.succeeded == MANY)


def test_emulator_ends_while_rules_are_in_progress(bench_of: Any) -> None:
    """Closing waits for a rule only briefly, and ignores its result."""
    leave = threading.Event()
    bench = bench_of(runner=ScriptedRunner(lambda _: int(leave.wait(NEVER_SECONDS))))
    bench.pool()
    bench.job()
    bench.task()
    timer = threading.Timer(0.2, leave.set)
    timer.start()
    bench.emulator.__exit__(None, None, None)
    timer.join()
    assert leave.is_set()
