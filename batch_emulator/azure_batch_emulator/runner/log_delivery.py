"""The log of a node, sent to a container that somebody named, in the background as the service does it."""

from __future__ import annotations

import io
import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from azure_batch_emulator.runner.interface import OutputFile, UploadCondition
from azure_batch_emulator.runner.trouble import AttemptFailed

if TYPE_CHECKING:
    from pathlib import Path

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LogDelivery:
    """One file to be written and sent.

    :param file: where it is written first
    :param blob: its name in the container
    """

    text: str
    file: Path
    container_url: str
    blob: str

    def begin(self) -> None:
        """Write the file and begin to send it; who asked has his answer already, so failures are logged."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(self.text, encoding="utf-8")
        threading.Thread(target=self._send, name="node-log", daemon=True).start()

    def _send(self) -> None:
        # Only here: the lab has the engine, and this with it, where httpx is not installed.
        from azure_batch_emulator.runner.output_files import Uploads  # noqa: PLC0415
        from azure_batch_emulator.runner.storage import storage_client  # noqa: PLC0415

        order = OutputFile(str(self.file), self.container_url, self.blob, UploadCondition.COMPLETION)
        try:
            with storage_client() as client:
                Uploads(client).send(order, self.file.parent, {}, log=io.StringIO())
        except AttemptFailed as trouble:
            _LOG.warning("the node's log was not sent: %s", trouble.failure.message)
