"""A Batch job of the run in a page's address, and what the services have of its Batch tasks."""

from __future__ import annotations

import csv
import re
from functools import cached_property, lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any

from scoring_contract import layout
from scoring_contract.sensor_names import sensor_named
from sensor_scoring.azure_batch import ids
from sensor_scoring.azure_batch.hook import ScoringBatchHook
from sensor_scoring.blob_storage.store import BlobStore
from sensor_scoring.hourly.outcome.summary import Summary
from sensor_scoring.hourly.planning.plan import Plan
from sensor_scoring.service_errors import batch_explained
from sensor_scoring.ui.facts import SELECTED
from sensor_scoring.ui.printed_files import PrintedFiles

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sensor_scoring.settings import Settings

MOST_BYTES = 1 << 20
"""As much of a file as is shown: its end."""
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_REMEMBERED_PAIRS = 1 << 12
_GONE = dict.fromkeys(("TaskNotFound", "JobNotFound", "JobBeingDeleted"))


class OwnJob:
    """The Batch job, through the connections of the deployment.

    One for each request: a client that outlived it would not notice that its connection was changed.

    :param job: a Batch job that is known to belong to the run
    :param settings: the deployment's settings
    """

    def __init__(self, job: str, settings: Settings) -> None:
        self.id = job
        self.settings = settings

    @cached_property
    def _hook(self) -> ScoringBatchHook:
        return ScoringBatchHook(azure_batch_conn_id=self.settings.connections.batch_conn_id)

    @cached_property
    def _store(self) -> BlobStore:
        return BlobStore(self.settings.connections.wasb_conn_id)

    def batch_task(self, batch_task_id: str) -> Mapping[str, Any] | None:
        """Return what the service says of a Batch task; None if it has no such task, or no longer."""
        with batch_explained(f"look at task {batch_task_id} of job {self.id}", self._hook.conn_id, _GONE):
            client = self._hook.connection
            found: Mapping[str, Any] = client.get_task(self.id, batch_task_id, select=list(SELECTED))
            return found
        return None

    def printed(self, batch_task_id: str, file: str) -> str | None:
        """Return the end of what a Batch task printed, from the log container, else from its node.

        :return: with a first line that says so if it is not the whole; None if neither has anything
        """
        files = PrintedFiles(self._store, self._hook, self.settings.containers.logs_container)
        # One byte more than is shown tells whether there was more.
        end = files.end_of(self.id, batch_task_id, file, size=MOST_BYTES + 1)
        if end is None:
            return None
        return shortened(
            end.text, f"the whole is the blob {end.blob}" if end.blob else "the whole is on the node"
        )

    def plan(self) -> Plan | None:
        """Return the plan of the run; None if it has none, or no longer."""
        blob = layout.plan_blob(ids.base_of(self.id))
        text = self._store.read(self.settings.containers.runs_container, blob)
        return Plan.from_json(text) if text else None

    def predictions(self, plan: Plan, sensor: str) -> Iterator[str] | None:
        """Return the predictions of a sensor, some lines at a time; None if there are none."""
        pieces = self.prediction_file(plan, sensor)
        if pieces is None:
            return None
        blocks = _blocks(pieces)
        return _rows_of(sensor, blocks) if sensor in plan.pack_of else blocks

    def prediction_file(self, plan: Plan, sensor: str) -> Iterator[bytes] | None:
        """Return the blob with a sensor's predictions, or its pack's, as it is; None if there is none."""
        return self._store.pieces(
            self.settings.containers.predictions_container, plan.expectation.blob_of(sensor)
        )


def summary_of(run: str, settings: Settings) -> Summary | None:
    """Return the summary of a run; None if it has none, or no longer.

    :param run: base of the run's Batch ids
    """
    text = BlobStore(settings.connections.wasb_conn_id).read(
        settings.containers.runs_container, layout.summary_blob(run)
    )
    return Summary.from_json(text) if text else None


def _blocks(pieces: Iterable[bytes]) -> Iterator[str]:
    """Cut pieces of a text where lines end; a line that is longer than is shown of any file is cut itself."""
    rest = b""
    for piece in pieces:
        whole, end, rest = (rest + piece).rpartition(b"\n")
        if not end and len(rest) >= MOST_BYTES:
            whole, rest = rest, b""
        if whole or end:
            yield (whole + end).decode(errors="replace")
    if rest:
        yield rest.decode(errors="replace")


def _rows_of(sensor: str, blocks: Iterator[str]) -> Iterator[str] | None:
    """Pick a sensor's rows out of the predictions of a pack; None if there are none."""
    first, end, rest = next(blocks, "").partition("\n")
    header = next(csv.reader([first]), [])
    if not {"Device", "Tag"} <= set(header):
        return None
    device, tag = header.index("Device"), header.index("Tag")
    sensor_of = lru_cache(_REMEMBERED_PAIRS)(sensor_named)

    def is_ours(line: str) -> bool:
        row = next(csv.reader([line]), [])
        return len(row) > max(device, tag) and sensor_of(row[device], row[tag]) == sensor

    # An answer of single rows would cost the api-server a change of threads for each of them.
    found = filter(None, ("".join(filter(is_ours, _lines(block))) for block in chain((rest,), blocks)))
    # Whether there are any is known before the answer begins.
    rows = next(found, None)
    return None if rows is None else chain((first + end, rows), found)


def _lines(block: str) -> Iterator[str]:
    return (line[0] for line in _LINE.finditer(block))


def shortened(text: str, where: str) -> str:
    """Return a text if it may be shown as it is, else the last of its lines, saying so first."""
    if len(text.encode()) <= MOST_BYTES:
        return text
    # The first line lost its beginning; a text that is one line is shown without it.
    lines = text.split("\n", maxsplit=1)
    return f"[Only the last {MOST_BYTES >> 20} MiB is shown; {where}.]\n{lines[-1]}"
