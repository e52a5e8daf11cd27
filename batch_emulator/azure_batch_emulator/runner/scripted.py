"""Runs attempts without processes: a rule says how each ends. Files and uploads are as real as ever.

The seconds of an attempt pass by the service's clock: when the rule has answered, the runner asks to
be told when they are over. With a ``ManualClock`` an attempt thus ends exactly when it should, and
nothing ends before the clock is turned. A rule itself takes real time, on one of several threads.
"""

from __future__ import annotations

import logging
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from azure_batch_emulator.runner.errors import AttemptFailed
from azure_batch_emulator.runner.folders import delete, lay_out, put_away, write_output
from azure_batch_emulator.runner.interface import Ended, Phase, ResumeAfter
from azure_batch_emulator.runner.output_files import Uploads, due
from azure_batch_emulator.runner.resource_files import Downloads
from azure_batch_emulator.runner.rules import Outcome, Rule, fail, succeed
from azure_batch_emulator.runner.storage import storage_client
from azure_batch_emulator.runner.thread_pool import DaemonThreadPool

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure_batch_emulator.confined.folder import Area
    from azure_batch_emulator.runner.interface import AttemptSpec, OutputFile

__all__ = ["Outcome", "Rule", "ScriptedRunner", "fail", "succeed"]

_LOG = logging.getLogger(__name__)
THREADS = 16
_CLOSE_SECONDS = 5.0
_WAIT_SECONDS = 30.0


@dataclass(slots=True, eq=False)
class _Attempt:
    spec: AttemptSpec
    outcome: Outcome | None = None
    waits: bool = False
    """Whether the rule has answered and its seconds are passing."""
    stopping: bool = False
    upload_if_stopped: bool = False

    @property
    def is_lost(self) -> bool:
        return self.outcome is not None and self.outcome.is_lost and not self.stopping

    @property
    def code(self) -> int | None:
        # What was stopped has no exit code of its own: the service says it may be absent.
        over = self.outcome is None or self.outcome.is_lost or self.stopping
        return None if over or self.outcome is None else self.outcome.exit_code

    @property
    def files(self) -> list[OutputFile]:
        if self.is_lost:
            return []
        return due(self.spec, code=self.code, stopped=self.stopping, even_if_stopped=self.upload_if_stopped)


class ScriptedRunner:
    """The runner that asks a rule; ``stop`` cuts an attempt's seconds short, but not a rule in progress."""

    def __init__(self, rule: Rule, *, threads: int = THREADS) -> None:
        """Prepare to ask.

        :param threads: how many attempts may be asked about, or have files moved, at once
        """
        self._rule = rule
        self._report: Callable[[Ended | ResumeAfter], None] = lambda _: None
        self._attempts: dict[int, _Attempt] = {}
        self._pool = DaemonThreadPool(threads, name="scripted-attempt")
        self._calm = threading.Condition()  # guards what follows too
        self._busy = 0
        self._has_news = False
        self._closed = False
        self._client = storage_client()
        self._downloads = Downloads(self._client)
        self._uploads = Uploads(self._client)

    def listen(self, report: Callable[[Ended | ResumeAfter], None]) -> None:
        """Take the callback for reports."""
        self._report = report

    def start(self, spec: AttemptSpec) -> None:
        """Begin an attempt: folders, downloads, then the rule."""
        attempt = self._attempts[spec.attempt_id] = _Attempt(spec)
        self._do(self._begin, attempt)

    def stop(self, attempt_id: int, *, grace: timedelta, upload: bool) -> None:  # noqa: ARG002  there is nobody to ask first
        """End an attempt: at once if its seconds are passing, else when its rule returns."""
        attempt = self._attempts.get(attempt_id)
        if attempt is None:
            return
        with self._calm:
            if attempt.stopping:
                return
            attempt.stopping, attempt.upload_if_stopped = True, upload
            waited, attempt.waits = attempt.waits, False
        if waited:
            self._conclude(attempt)

    def remove(self, area: Area) -> None:
        """Move a folder out of the way at once, and delete it in the background."""
        trash = put_away(area)
        if trash is not None:
            self._pool.submit(partial(delete, trash))

    def wait(self) -> bool:
        """Return when no rule and no upload is in progress; tell whether anything was reported.

        :raises TimeoutError: if a rule does not return
        """
        with self._calm:
            if not self._calm.wait_for(lambda: not self._busy, _WAIT_SECONDS):
                raise TimeoutError(f"{self._busy} attempts are still in progress after {_WAIT_SECONDS} s")
            news, self._has_news = self._has_news, False
        return news

    def close(self) -> None:
        """Report nothing more; a rule in progress is left to itself after a while."""
        with self._calm:
            self._closed = True
        self._pool.close(seconds=_CLOSE_SECONDS)
        self._client.close()

    def _do(self, step: Callable[[_Attempt], None], attempt: _Attempt) -> None:
        with self._calm:
            self._busy += 1
        self._pool.submit(partial(self._guarded, step, attempt))

    def _guarded(self, step: Callable[[_Attempt], None], attempt: _Attempt) -> None:
        try:
            step(attempt)
        except AttemptFailed as trouble:
            self._end(attempt, Ended(attempt.spec.attempt_id, None, trouble.failure, Phase.BEFORE))
        except Exception:  # noqa: BLE001  a fault of ours must not leave a task running for ever; it is logged
            _LOG.exception(
                "attempt %d of %s could not go on", attempt.spec.attempt_id, attempt.spec.directory.name
            )
            fault = AttemptFailed.server("InternalError", "The emulator failed; its log has the traceback")
            self._end(attempt, Ended(attempt.spec.attempt_id, None, fault.failure, Phase.BEFORE))
        with self._calm:
            self._busy -= 1
            self._calm.notify_all()

    def _begin(self, attempt: _Attempt) -> None:
        spec = attempt.spec
        lay_out(spec)
        for file in spec.resource_files:
            self._downloads.fetch(file, spec.download_area, stopped=lambda: attempt.stopping)
        attempt.outcome = Outcome() if attempt.stopping else self._ask(spec)
        self._write(spec, attempt.outcome)
        span = timedelta(seconds=attempt.outcome.seconds)
        with self._calm:
            attempt.waits = waits = bool(span) and not attempt.stopping
        if waits:
            self._tell(ResumeAfter(spec.attempt_id, span, partial(self._over, attempt)))
        else:
            self._finish(attempt)

    def _ask(self, spec: AttemptSpec) -> Outcome:
        try:
            return _outcome(self._rule(spec))
        except (Exception, SystemExit) as problem:  # noqa: BLE001  a rule may be anything, a program too; logged
            _LOG.exception("the rule failed for %s", spec.directory.name)
            return Outcome(1, stderr=f"{type(problem).__name__}: {problem}\n")

    @staticmethod
    def _write(spec: AttemptSpec, outcome: Outcome) -> None:
        with suppress(OSError):  # the task was deleted meanwhile, or its rule has made something else of it
            write_output(spec, "stdout.txt", outcome.stdout)
            write_output(spec, "stderr.txt", outcome.stderr)

    def _over(self, attempt: _Attempt) -> None:
        with self._calm:
            waited, attempt.waits = attempt.waits, False
        if waited:
            self._conclude(attempt)

    def _conclude(self, attempt: _Attempt) -> None:
        """Finish on the engine's thread, so that it happens at the very moment, unless files must be sent."""
        if attempt.files:
            self._do(self._finish, attempt)
        else:
            self._finish(attempt)

    def _finish(self, attempt: _Attempt) -> None:
        failure, files = None, attempt.files
        if files and not self._closed:
            failure = self._uploads.deliver(attempt.spec, files)
        phase = Phase.AFTER if failure is not None else None
        self._end(attempt, Ended(attempt.spec.attempt_id, attempt.code, failure, phase, lost=attempt.is_lost))

    def _end(self, attempt: _Attempt, ended: Ended) -> None:
        if self._attempts.pop(attempt.spec.attempt_id, None) is not None:
            self._tell(ended)

    def _tell(self, report: Ended | ResumeAfter) -> None:
        with self._calm:
            if self._closed:
                return
            self._has_news = True
        self._report(report)


def _outcome(answer: object) -> Outcome:
    if isinstance(answer, Outcome):
        return answer
    if isinstance(answer, int) and not isinstance(answer, bool):
        return Outcome(answer)
    raise TypeError(f"a rule returns an exit code or an Outcome, not {answer!r}")
