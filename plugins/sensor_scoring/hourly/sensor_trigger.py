"""The trigger that waits for a set of prediction blobs."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TaskSuccessEvent, TriggerEvent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class PredictionBlobTrigger(BaseTrigger):
    """Waits until prediction blobs are there, or time is up.

    :param gate: the expectation, as :meth:`sensor_scoring.hourly.gate.Expectation.to_json` wrote it
    :param container: container of the predictions
    :param wasb_conn_id: connection of the storage account
    :param poll_seconds: pause between two listings
    :param until: give up then, seconds since the epoch
    """

    def __init__(
        self, *, gate: str, container: str, wasb_conn_id: str, poll_seconds: float, until: float
    ) -> None:
        super().__init__()
        self.gate = gate
        self.container = container
        self.wasb_conn_id = wasb_conn_id
        self.poll_seconds = poll_seconds
        self.until = until

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what makes this trigger again."""
        return f"{__name__}.{type(self).__qualname__}", {
            "gate": self.gate,
            "container": self.container,
            "wasb_conn_id": self.wasb_conn_id,
            "poll_seconds": self.poll_seconds,
            "until": self.until,
        }

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """List until nothing is missing; the closer look is the sensor's."""
        from sensor_scoring.blob_storage.store import BlobStore
        from sensor_scoring.hourly.gate import Expectation

        expectation, store = Expectation.from_json(self.gate), BlobStore(self.wasb_conn_id)
        while time.time() < self.until:
            found = await asyncio.to_thread(lambda: list(store.found(self.container, expectation.folder)))
            if expectation.judge(found).is_complete:
                yield TaskSuccessEvent()
                return
            await asyncio.sleep(self.poll_seconds)
        yield TriggerEvent("timeout")
