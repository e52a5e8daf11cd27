"""The trigger that waits for a group of sensors to be scored: the general one, with an eye for the report."""

from __future__ import annotations

import asyncio

from scoring_contract.errors import ContractError
from scoring_contract.messages.report import Report
from sensor_scoring.azure_batch.trigger import BatchTaskTrigger
from sensor_scoring.errors import StorageError
from sensor_scoring.hourly.outcome.reports import lines_of, report_text

_NOTE_SECONDS = 10.0


class ScoringTrigger(BatchTaskTrigger):
    """Logs each sensor's counts from the report: an instance that ends in the triggerer has no other log.

    The arguments are those of :class:`BatchTaskTrigger`; ``commit_blob`` is the report.
    """

    async def note_success(self) -> None:
        """Log the counts, if they can be had soon; the sensors are scored either way."""
        try:
            async with asyncio.timeout(_NOTE_SECONDS):
                report = await asyncio.to_thread(self._report)
        except (StorageError, ContractError, TimeoutError) as error:
            self.log.warning("The report %s cannot be read: %s", self.commit_blob, str(error) or "no answer")
            return
        for line in lines_of(report) if report else ():
            self.log.info("%s", line)

    def _report(self) -> Report | None:
        from sensor_scoring.blob_storage.store import BlobStore

        text = report_text(BlobStore(self.wasb_conn_id), self.commit_container, self.commit_blob)
        return Report.from_json(text) if text else None
