"""Who carries an alert. The default writes it where every deployment has a place for it: the task's log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import BaseNotifier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context

    from sensor_scoring.settings import Settings


def tell(message: str, context: Context, settings: Settings) -> None:  # noqa: ARG001  who is told is to be set
    """Send a message to whoever the deployment names.

    :param message: its first line is the subject
    """
    LogNotifier(message=message).notify(context)


class LogNotifier(BaseNotifier):
    """Writes a message to the log, line by line, as a warning.

    :param message: the message (templated)
    """

    template_fields: Sequence[str] = ("message",)

    def __init__(self, message: str) -> None:
        super().__init__()
        self.message = message

    def notify(self, context: Context) -> None:  # noqa: ARG002  Airflow's signature
        """Write the message."""
        for line in self.message.splitlines():
            self.log.warning("ALERT %s", line)
