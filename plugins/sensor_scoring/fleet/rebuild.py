"""Makes the records of hours again, from the summaries of the runs that are still there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scoring_contract import layout
from scoring_contract.errors import ContractError
from sensor_scoring.azure_batch import ids
from sensor_scoring.hourly.outcome.hour_record import HourRecord
from sensor_scoring.hourly.outcome.record_store import keep_record
from sensor_scoring.hourly.outcome.summary import Summary
from sensor_scoring.hourly.planning.plan import Plan

if TYPE_CHECKING:
    from scoring_contract.hour import RunHour
    from sensor_scoring.blob_storage.store import BlobStore
    from sensor_scoring.settings import Settings


@dataclass(frozen=True, slots=True)
class RebuiltHour:
    """What became of an hour's record.

    :param summaries: how many runs have left a summary of the hour that reads
    :param is_changed: whether the record lacked something that they say
    :param problems: a sentence for each summary that does not read
    """

    hour: RunHour
    summaries: int
    is_changed: bool
    problems: tuple[str, ...] = ()

    def describe(self) -> str:
        """Say it in one line."""
        if self.summaries:
            runs = "1 run" if self.summaries == 1 else f"{self.summaries} runs"
            said = f"recorded what {runs} left" if self.is_changed else "up to date"
        else:
            said = "no run has left a summary; what was recorded stays"
        return f"{self.hour}: " + "; ".join((said, *self.problems))


def rebuild(store: BlobStore, settings: Settings, hour: RunHour) -> RebuiltHour:
    """Add to an hour's record what the summaries of its runs say; a newer outcome that it has stays."""
    container, prefix = settings.containers.runs_container, settings.hourly.job_prefix
    folders = store.folders(container, ids.hour_prefix(prefix, hour))
    runs = [name for name in folders if ids.hour_of_run_with(prefix, name) == hour]
    found, problems, is_changed = 0, [], False
    for run, text in zip(runs, store.read_all(container, map(layout.summary_blob, runs)), strict=True):
        if text is None:
            continue
        try:
            record = HourRecord.of(_dated(Summary.from_json(text), store, container))
            if record.hour != hour:
                raise ContractError(f"it is about {record.hour}")  # noqa: TRY301  one sentence for both
        except ContractError as error:
            problems.append(f"the summary of {run} is left out: {error}")
            continue
        found += 1
        is_changed |= keep_record(store, container, record)
    return RebuiltHour(hour, found, is_changed, tuple(problems))


def _dated(summary: Summary, store: BlobStore, container: str) -> Summary:
    """Return the summary with the time of its run's plan, which those of version 0.1.0 do not say."""
    if summary.planned_at:
        return summary
    plan = store.read(container, layout.plan_blob(summary.run))
    return replace(summary, planned_at=Plan.from_json(plan).planned_at) if plan else summary
