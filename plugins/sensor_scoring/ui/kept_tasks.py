"""The Batch tasks of a run that Azure Batch has forgotten, or does not tell of: by the files they left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoring_contract import layout
from sensor_scoring.azure_batch import ids
from sensor_scoring.azure_batch.task_span import TaskSpan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from sensor_scoring.blob_storage.store import BlobStore
    from sensor_scoring.settings import Settings


def kept_spans(
    store: BlobStore, settings: Settings, base: str, groups: Mapping[str, tuple[str, ...]]
) -> list[TaskSpan]:
    """Return the Batch tasks that left a report or a log, the one that ended first before the others.

    When a task began, and where, is not known of these; its end is when the last of its files was written.

    :param base: of the run's Batch ids
    :param groups: those of the run's plan
    """
    ended: dict[tuple[str, str], datetime] = {}
    for place, modified in _files(store, settings, base):
        ended[place] = max(modified, ended.get(place, modified))
    item_of = {ids.group_key(group): group for group in groups}
    spans = [
        TaskSpan(job=job, id=task, item=item_of.get(attempt.key, ""), state="completed", ended=moment)
        for (job, task), moment in ended.items()
        if ids.is_job_of(job, base) and (attempt := ids.AttemptId.parse(task))
    ]
    return sorted(spans, key=lambda span: (str(span.ended), span.id))


def _files(store: BlobStore, settings: Settings, base: str) -> Iterator[tuple[tuple[str, str], datetime]]:
    """Yield job and task of each file, and when it was written."""
    reports = layout.reports_folder(base)
    for blob in store.found(settings.containers.runs_container, reports):
        job, _, file = blob.name.removeprefix(reports).partition("/")
        yield (job, file.removesuffix(".json")), blob.modified
    for blob in store.found(settings.containers.logs_container, f"{base}/"):
        job, _, rest = blob.name.removeprefix(f"{base}/").partition("/")
        yield (job, rest.partition("/")[0]), blob.modified
