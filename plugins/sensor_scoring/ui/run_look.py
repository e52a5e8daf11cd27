"""All that is shown of a run, asked of Azure Batch and Blob Storage in a few calls.

While it works Azure Batch tells; later its summary does, and the files that its Batch tasks left.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from scoring_contract import json_message, layout
from scoring_contract.messages.report import Report
from sensor_scoring.azure_batch.hook import ScoringBatchHook
from sensor_scoring.blob_storage.store import BlobStore
from sensor_scoring.hourly.outcome.reports import report_text
from sensor_scoring.hourly.planning.capacity import use_seen
from sensor_scoring.patience import Patience
from sensor_scoring.ui.batch_job import summary_of
from sensor_scoring.ui.kept_tasks import kept_spans
from sensor_scoring.ui.printed_files import PrintedFiles
from sensor_scoring.ui.questions import Questions, Unknown
from sensor_scoring.ui.run_failures import (
    Failure,
    failures_in_report,
    failures_in_summary,
    failures_so_far,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sensor_scoring.azure_batch.onlooker import PoolSight, RunSight
    from sensor_scoring.azure_batch.pool.usage import PoolUse
    from sensor_scoring.azure_batch.task_span import TaskSpan
    from sensor_scoring.hourly.outcome.summary import Summary
    from sensor_scoring.settings import Settings
    from sensor_scoring.ui.stderr_tails import StderrTails, Tail

AT_A_GLANCE = Patience(seconds=0, answer_seconds=5)
"""Somebody waits, and will ask again."""
MOST_FAILURES = 100
"""Failures that are listed."""
MOST_TAILS = 10
"""Batch tasks whose stderr is fetched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLook:
    """A run at one moment."""

    base: str
    """Of its Batch ids."""
    at: datetime
    """By the clock of Azure Batch if it answered, else by ours."""
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Group to its sensors, in the order of the plan."""
    has_plan: bool = False
    summary: Summary | None = None
    is_reworked: bool = False
    """Whether it works again since it was summed up: that summary no longer counts."""
    sight: RunSight | None = None
    """None if Azure Batch does not tell."""
    spans: tuple[TaskSpan, ...] = ()
    pool: PoolSight | None = None
    """The pool now; asked only while the run works."""
    use: PoolUse | None = None
    """Node-hours: of the summary, else so far."""
    failures: tuple[Failure, ...] = ()
    """The first ones."""
    failure_count: int = 0
    tails: Mapping[tuple[str, str], Tail] = field(default_factory=dict)
    """Batch job and task to the end of stderr."""
    unknown: tuple[Unknown, ...] = ()

    @property
    def is_live(self) -> bool:
        """Whether one of its Batch jobs may still work."""
        return self.sight is not None and self.sight.is_live

    @property
    def is_from_batch(self) -> bool:
        """Whether Azure Batch told of the tasks; else they are known by their files."""
        return self.sight is not None and bool(self.sight.jobs)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left of the run, as far as anybody says."""
        return not (self.has_plan or self.summary or self.spans or self.is_from_batch or self.unknown)


def look_at_run(base: str, settings: Settings, tails: StderrTails) -> RunLook:
    """Ask what there is of a run.

    :param base: of its Batch ids
    :param tails: those that are known already
    """
    hook = ScoringBatchHook(settings.connections.batch_conn_id, patience=AT_A_GLANCE)
    with closing(hook):
        return _Inquiry(base, settings, hook).look(tails)


class _Inquiry:
    """The questions about one run; what one of the services does not tell is noted."""

    def __init__(self, base: str, settings: Settings, hook: ScoringBatchHook) -> None:
        self._base = base
        self._settings = settings
        self._hook = hook
        self._store = BlobStore(settings.connections.wasb_conn_id)
        self._unknown: list[Unknown] = []
        self._blobs, self._batch, self._logs = (Questions(self._unknown) for _ in range(3))

    def look(self, known: StderrTails) -> RunLook:
        planned = self._blobs.ask("plan", self._groups)
        groups = planned or {}
        sight = self._batch.ask("Batch jobs and tasks", partial(self._hook.onlooker.run, self._base))
        is_reworked = bool(
            sight and sight.is_live and self._blobs.ask("summary", partial(self._is_older, sight))
        )
        read = partial(summary_of, self._base, self._settings)
        summary = None if is_reworked else self._blobs.ask("summary", read)
        spans = sight.spans() if sight and sight.jobs else self._kept(groups)
        pool = self._pool(sight) if sight and sight.is_live else None
        use = summary.pool if summary else self._use_so_far(sight, pool) if sight and pool else None
        failures = list(
            failures_in_summary(summary, groups, spans)
            if summary
            else self._reported(failures_so_far(groups, spans))
        )
        return RunLook(
            base=self._base,
            at=sight.now if sight else datetime.now(UTC),
            groups=groups,
            has_plan=planned is not None,
            summary=summary,
            is_reworked=is_reworked,
            sight=sight,
            spans=tuple(spans),
            pool=pool,
            use=use,
            failures=tuple(failures[:MOST_FAILURES]),
            failure_count=len(failures),
            tails=self._tails(failures, known),
            unknown=tuple(self._unknown),
        )

    def _groups(self) -> dict[str, tuple[str, ...]] | None:
        """Return the groups of the plan; None if it is gone."""
        text = self._store.read(self._settings.containers.runs_container, layout.plan_blob(self._base))
        root = json_message.parse("plan", text) if text else None
        return {group: sensors.texts() for group, sensors in root["groups"].items()} if root else None

    def _is_older(self, sight: RunSight) -> bool:
        """Whether there is a summary of before the newest Batch job was made."""
        blob = layout.summary_blob(self._base)
        written = [
            each.modified for each in self._store.found(self._settings.containers.runs_container, blob)
        ]
        return sight.reopened is not None and any(moment < sight.reopened for moment in written)

    def _kept(self, groups: Mapping[str, tuple[str, ...]]) -> list[TaskSpan]:
        question = partial(kept_spans, self._store, self._settings, self._base, groups)
        return self._blobs.ask("files of Batch tasks", question) or []

    def _pool(self, sight: RunSight) -> PoolSight | None:
        return self._batch.ask("pool", partial(self._hook.onlooker.pool, sight.pool_id))

    def _use_so_far(self, sight: RunSight, pool: PoolSight) -> PoolUse | None:
        pool_id = str(pool.pool["id"])
        sharing = self._batch.ask("node-hours", partial(self._hook.onlooker.jobs_on, pool_id))
        return None if sharing is None else use_seen(sight, pool, sharing, self._settings, base=self._base)

    def _reported(self, failures: Iterator[Failure]) -> Iterator[Failure]:
        """Let the reports of the first Batch tasks say who failed, and why."""
        for failure in islice(failures, MOST_TAILS):
            report = self._blobs.ask(f"report of {failure.batch_task}", partial(self._report, failure))
            yield from failures_in_report(failure, report) if report else [failure]
        yield from failures

    def _report(self, failure: Failure) -> Report | None:
        blob = layout.report_blob(self._base, failure.job, failure.batch_task)
        text = report_text(self._store, self._settings.containers.runs_container, blob)
        return Report.from_json(text) if text else None

    def _tails(self, failures: list[Failure], known: StderrTails) -> dict[tuple[str, str], Tail]:
        places = dict.fromkeys((each.job, each.batch_task) for each in failures if each.batch_task)
        files = PrintedFiles(self._store, self._hook, self._settings.containers.logs_container)
        found = {
            place: self._logs.ask(f"stderr of {place[1]}", partial(known.of, files, *place))
            for place in islice(places, MOST_TAILS)
        }
        return {place: tail for place, tail in found.items() if tail is not None}
