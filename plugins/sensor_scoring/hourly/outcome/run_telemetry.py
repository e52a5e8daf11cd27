"""Tells telemetry of a run that has been summed up, once; nothing that goes wrong here fails the run."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from scoring_contract import json_message, layout
from scoring_contract.errors import MessageError
from sensor_scoring.azure_batch.hook import ScoringBatchHook
from sensor_scoring.errors import ScoringError
from sensor_scoring.hourly.outcome.reports import named_reports_of
from sensor_scoring.hourly.outcome.run_facts import RunFacts
from sensor_scoring.hourly.outcome.run_metrics import points_of
from sensor_scoring.hourly.outcome.run_trace import id_of, trace_of_run
from sensor_scoring.hourly.outcome.verdict import Verdict
from sensor_scoring.patience import Patience
from sensor_scoring.telemetry.sending import send

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scoring_contract.messages.report import Report
    from sensor_scoring.azure_batch.onlooker import PoolSight, RunSight
    from sensor_scoring.hourly.outcome.summary import Summary
    from sensor_scoring.hourly.planning.plan import Plan
    from sensor_scoring.hourly.run import Run

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TelemetryNote:
    """What has been sent of a run's trace."""

    trace: str
    root: str
    """Its first span."""
    spans: frozenset[str] = frozenset()
    """Ids of the spans of summaries, steps and Batch tasks; the parts of these went with them."""

    def with_spans(self, spans: Iterable[str]) -> TelemetryNote:
        """Return the note when more has been sent."""
        return TelemetryNote(self.trace, self.root, self.spans | set(spans))

    def to_json(self) -> str:
        """Return the blob's text."""
        return json_message.render({"trace": self.trace, "root": self.root, "spans": sorted(self.spans)})

    @classmethod
    def from_json(cls, text: bytes) -> Self:
        """Read the blob's text.

        :raises MessageError: naming the place that is wrong
        """
        root = json_message.parse("telemetry note", text)
        return cls(root["trace"].text(), root["root"].text(), frozenset(root["spans"].texts()))


def tell(run: Run, summary: Summary) -> None:
    """Send a run's trace and metrics, unless that has been done for this summary."""
    try:
        _tell(run, summary)
    except Exception:  # the hour is scored, whoever gets to know of it
        log.warning("There is no telemetry of this run", exc_info=True)


def _tell(run: Run, summary: Summary) -> None:
    plan = run.plan()
    if plan is None:
        return
    container, blob = run.settings.containers.runs_container, layout.telemetry_note_blob(run.base)
    facts = _facts(run, plan, summary)
    trace, run_span = id_of(facts)
    note = _note(run.store.read(container, blob), trace) or TelemetryNote(trace, run_span)
    if run_span in note.spans:
        log.info("Telemetry has been told of this summary")
        return
    points = points_of(facts)
    part = trace_of_run(facts, points, root=note.root, told=note.spans)
    if send(run.settings.telemetry, points=points, trace=part):
        run.store.write(container, blob, note.with_spans(span.id for span in part.spans).to_json())
        log.info("Sent trace %s: %d spans, %d values of metrics", trace, len(part.spans), len(points))


def _note(text: bytes | None, trace: str) -> TelemetryNote | None:
    """Return what has been sent of a trace; None for nothing."""
    try:
        note = TelemetryNote.from_json(text) if text else None
    except MessageError as error:
        log.warning("%s", error)
        return None
    return note if note and note.trace == trace else None


def _facts(run: Run, plan: Plan, summary: Summary) -> RunFacts:
    steps = run.step_times()
    sight, pool = _looked_at(run)
    return RunFacts(
        dag_id=run.dag_id,
        type=run.type,
        pool_id=run.settings.pool.pool_id,
        plan=plan,
        summary=summary,
        faults=Verdict.of(summary, run.settings).faults,
        started=run.started,
        ended=max(times.end for times in steps.values()),
        late_minutes=run.settings.alerts.late_minutes,
        steps=steps,
        tasks=sight.spans() if sight else (),
        nodes=pool.nodes if pool else (),
        reports=_reports(run, plan),
    )


def _looked_at(run: Run) -> tuple[RunSight | None, PoolSight | None]:
    """Ask Azure Batch about the run and its pool, once."""
    once = Patience(seconds=0, answer_seconds=run.settings.telemetry.telemetry_seconds)
    try:
        onlooker = ScoringBatchHook(run.settings.connections.batch_conn_id, patience=once).onlooker
        return onlooker.run(run.base), onlooker.pool(run.settings.pool.pool_id)
    except ScoringError as error:
        log.warning("Telemetry has nothing of this run's Batch tasks: %s", error)
        return None, None


def _reports(run: Run, plan: Plan) -> dict[tuple[str, str], Report]:
    named = named_reports_of(run.store, run.settings.containers.runs_container, plan)
    folder = layout.reports_folder(plan.run)
    places = {name: name.removeprefix(folder).removesuffix(".json").partition("/") for name in named}
    return {(job, task): named[name] for name, (job, _, task) in places.items()}
