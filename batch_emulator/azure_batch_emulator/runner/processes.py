"""Runs attempts as real processes, through the supervisor.

Three kinds of threads: the engine's, which only hands over; a pool for downloads and uploads; and
one that reads the supervisor's reports. What they share is guarded by one lock.
"""

from __future__ import annotations

import logging
import os
import shlex
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from errno import ENOENT, ENOTDIR
from typing import TYPE_CHECKING, Any

from azure_batch_emulator.runner.errors import AttemptFailed
from azure_batch_emulator.runner.folders import delete, lay_out, put_away
from azure_batch_emulator.runner.interface import AttemptSpec, Ended, Phase
from azure_batch_emulator.runner.output_files import Uploads, due
from azure_batch_emulator.runner.resource_files import Downloads
from azure_batch_emulator.runner.storage import storage_client
from azure_batch_emulator.runner.supervisor_link import SupervisorLink

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import timedelta

    from azure_batch_emulator.confined.folder import Area
    from azure_batch_emulator.runner.interface import Container
    from azure_batch_emulator.runner.launch import Containers, Launch

_LOG = logging.getLogger(__name__)
_WORKERS = 16


@dataclass(slots=True)
class _Attempt:
    spec: AttemptSpec
    stopping: bool = False
    upload_if_stopped: bool = False
    grace: float = 0.0
    launched: bool = False


class ProcessRunner:
    """The runner that really runs command lines on this machine."""

    def __init__(self, containers: Containers, *, supervisor_holds: Collection[int] = ()) -> None:
        """Prepare to run things.

        :param containers: what runs tasks that name an image
        :param supervisor_holds: files the supervisor keeps open; a lock on one ends with the last process
        """
        self._containers = containers
        self._supervisor_holds = supervisor_holds
        self._report: Callable[[Ended], None] = lambda _: None
        self._attempts: dict[int, _Attempt] = {}
        self._lock = threading.Lock()
        self._link: SupervisorLink | None = None
        self._closed = False
        self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="task-files")
        self._client = storage_client()
        self._downloads = Downloads(self._client)
        self._uploads = Uploads(self._client)

    def listen(self, report: Callable[[Ended], None]) -> None:
        """Take the callback for reports."""
        self._report = report
        self._containers.begin()

    def fetch(self, attempt_id: int, images: tuple[Container, ...]) -> None:
        """Have images at hand; answered by an ``Ended`` too."""
        self._work(self._fetch, attempt_id, images)

    def start(self, spec: AttemptSpec) -> None:
        """Begin an attempt: downloads first, then the command."""
        with self._lock:
            self._attempts[spec.attempt_id] = _Attempt(spec)
        self._work_on(spec, self._prepare, spec)

    def stop(self, attempt_id: int, *, grace: timedelta, upload: bool) -> None:
        """End an attempt early: SIGTERM to its whole group, SIGKILL after the grace."""
        with self._lock:
            attempt = self._attempts.get(attempt_id)
            if attempt is None or attempt.stopping:
                return
            attempt.stopping, attempt.upload_if_stopped = True, upload
            attempt.grace = grace.total_seconds()
            if attempt.launched and self._link is not None:
                contained = attempt.spec.container is not None and self._containers.has(attempt_id)
                self._link.tell({"stop": attempt_id, "grace": attempt.grace, "quietly": contained})
                if contained:
                    self._work(self._containers.ask_to_end, attempt_id)

    def remove(self, area: Area) -> None:
        """Move a folder out of the way at once, and delete it in the background."""
        trash = put_away(area)
        if trash is not None:
            self._work(delete, trash)

    def close(self) -> None:
        """End all attempts without reports, and every process of theirs."""
        with self._lock:
            self._closed = True
            for attempt in self._attempts.values():
                attempt.stopping = True
            link = self._link
        if link is not None:
            link.close()
        self._workers.shutdown(wait=True, cancel_futures=True)
        self._containers.close()
        self._client.close()

    def _work(self, job: Callable[..., None], *arguments: Any) -> None:
        with suppress(RuntimeError):  # closing down: no new work
            self._workers.submit(job, *arguments)

    def _work_on(self, spec: AttemptSpec, step: Callable[..., None], *arguments: Any) -> None:
        self._work(self._guarded, spec, step, *arguments)

    def _guarded(self, spec: AttemptSpec, step: Callable[..., None], *arguments: Any) -> None:
        try:
            step(*arguments)
        except Exception:  # noqa: BLE001  a fault of ours must not leave a task running for ever; it is logged
            _LOG.exception("attempt %d of %s could not go on", spec.attempt_id, spec.directory.name)
            fault = AttemptFailed.server("InternalError", "The emulator failed; its log has the traceback")
            self._end(spec, Ended(spec.attempt_id, None, fault.failure, Phase.BEFORE))

    def _fetch(self, attempt_id: int, images: tuple[Container, ...]) -> None:
        failure = None
        try:
            self._containers.fetch(images)
        except AttemptFailed as trouble:
            failure = trouble.failure
        if not self._closed:
            self._report(Ended(attempt_id, None, failure))

    def _prepare(self, spec: AttemptSpec) -> None:
        try:
            argv = _split(spec.command_line)
            self._containers.check(spec, argv)
            lay_out(spec)
            for file in spec.resource_files:
                self._downloads.fetch(file, spec.download_area, stopped=lambda: self._stopping(spec))
            environment = {"PATH": os.environ.get("PATH", os.defpath), **spec.environment}
            launch = None if self._stopping(spec) else self._containers.launch(spec, argv, environment)
        except AttemptFailed as trouble:
            self._end(spec, Ended(spec.attempt_id, None, trouble.failure, Phase.BEFORE))
            return
        if launch is None or not self._launch(spec, launch):
            self._end(spec, Ended(spec.attempt_id, None))

    def _launch(self, spec: AttemptSpec, launch: Launch) -> bool:
        with self._lock:
            attempt = self._attempts.get(spec.attempt_id)
            if attempt is None or attempt.stopping or self._closed:
                return False
            attempt.launched = True
            self._linked().tell(
                {
                    "start": spec.attempt_id,
                    "argv": list(launch.argv),
                    "root": str(spec.root),
                    "folder": spec.area.names,
                    "env": dict(launch.environment),
                    "undo": list(launch.undo),
                }
            )
            return True

    def _linked(self) -> SupervisorLink:
        if self._link is None:
            self._link = SupervisorLink(self._hear, self._lost, holds=self._supervisor_holds)
        return self._link

    def _hear(self, report: dict[str, Any]) -> None:
        attempt = self._attempts.get(report["exited"] if "exited" in report else report["failed"])
        if attempt is None:
            return
        # Never the lock in this thread: whoever holds it may be writing to the supervisor.
        if "failed" in report:
            self._work_on(attempt.spec, self._end, attempt.spec, _not_launched(attempt.spec, report))
            return
        code = report["code"] if report["code"] >= 0 else 128 - report["code"]
        self._work_on(attempt.spec, self._finish, attempt, code)

    def _finish(self, attempt: _Attempt, code: int) -> None:
        spec, failure = attempt.spec, None
        result = self._containers.end(spec.attempt_id)
        if result is not None and result.exit_code is not None:
            code = result.exit_code
        if result is not None and result.failure is not None and not attempt.stopping:
            self._end(spec, Ended(spec.attempt_id, None, result.failure, Phase.BEFORE, container=result.info))
            return
        files = due(spec, code=code, stopped=attempt.stopping, even_if_stopped=attempt.upload_if_stopped)
        if files and not self._closed:
            failure = self._uploads.deliver(spec, files)
        phase = Phase.AFTER if failure is not None else None
        info = None if result is None else result.info
        self._end(spec, Ended(spec.attempt_id, code, failure, phase, container=info))

    def _stopping(self, spec: AttemptSpec) -> bool:
        attempt = self._attempts.get(spec.attempt_id)
        return attempt is None or attempt.stopping

    def _end(self, spec: AttemptSpec, ended: Ended) -> None:
        self._containers.end(spec.attempt_id)  # it may be left when an attempt is over before it has begun
        with self._lock:
            known = self._attempts.pop(spec.attempt_id, None)
            silent = self._closed
        if known is not None and not silent:
            self._report(ended)

    def _lost(self) -> None:
        """Report every running attempt as lost, when the supervisor went without being asked."""
        with self._lock:
            self._link = None
            lost = (
                [] if self._closed else [attempt for attempt in self._attempts.values() if attempt.launched]
            )
        if lost:
            _LOG.warning("the supervisor process is gone; %d running tasks are started again", len(lost))
        for attempt in lost:
            self._work_on(
                attempt.spec, self._end, attempt.spec, Ended(attempt.spec.attempt_id, None, lost=True)
            )


def _split(command_line: str) -> list[str]:
    try:
        return shlex.split(command_line)
    except ValueError as problem:
        message = "The command line cannot be split into arguments"
        raise AttemptFailed.user("CommandLaunchFailed", message, Message=str(problem)) from None


def _not_launched(spec: AttemptSpec, report: dict[str, Any]) -> Ended:
    program = shlex.split(spec.command_line)[0] if spec.container is None else "the engine"
    if report["errno"] in {ENOENT, ENOTDIR}:
        message = "The specified command program is not found"
        trouble = AttemptFailed.user("CommandProgramNotFound", message, Message=f"{program} was not found")
    else:
        message = "Failed to launch the specified command line"
        trouble = AttemptFailed.user("CommandLaunchFailed", message, Message=report["text"])
    return Ended(spec.attempt_id, None, trouble.failure, Phase.BEFORE)
