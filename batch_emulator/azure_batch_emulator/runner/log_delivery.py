"""The log of a node, sent to a container that somebody named, in the background as the service does it."""

from __future__ import annotations

import io
import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from azure_batch_emulator.runner.errors import AttemptFailed
from azure_batch_emulator.runner.interface import OutputFile, UploadCondition

if TYPE_CHECKING:
    from azure_batch_emulator.confined.folder import Area

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LogDelivery:
    """One file to be written and sent.

    :param area: folder of the node that it is written to first
    :param blob: its name in the container
    """

    text: str
    area: Area
    container_url: str
    blob: str

    @property
    def name(self) -> str:
        """Tell what it is called."""
        return self.blob.rpartition("/")[2]

    def open(self) -> BinaryIO:
        """Open what is to be sent: not the file, which a task may have changed."""
        return io.BytesIO(self.text.encode())

    def begin(self) -> None:
        """Write the file and begin to send it; who asked has his answer already, so failures are logged."""
        try:
            with self.area.made() as folder, folder.create(self.name) as file:
                file.write(self.text.encode())
        except OSError as problem:
            _LOG.warning("the node's log was not written: %s", problem)
        threading.Thread(target=self._send, name="node-log", daemon=True).start()

    def _send(self) -> None:
        # Only here: the lab has the engine, and this with it, where httpx is not installed.
        from azure_batch_emulator.runner.output_files import Uploads  # noqa: PLC0415
        from azure_batch_emulator.runner.storage import storage_client  # noqa: PLC0415

        file = OutputFile("", self.container_url, "", UploadCondition.COMPLETION)
        try:
            with storage_client() as client:
                Uploads(client).put(self, self.blob, file)
        except AttemptFailed as trouble:
            _LOG.warning("the node's log was not sent: %s", trouble.failure.message)
