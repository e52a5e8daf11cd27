"""Checks of who is told: the channels of alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensor_scoring.alerts.delivery import deliver
from sensor_scoring.preflight.finding import fine, missing, warning
from sensor_scoring.setting_values.channels import channels_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor_scoring.preflight.deployment import Deployment
    from sensor_scoring.preflight.finding import Finding

_MESSAGE = (
    "Test message of the preflight\n"
    "Somebody checks this deployment of sensor scoring. Nothing is wrong, and nothing is to be done."
)


def channels(deployment: Deployment) -> Iterator[Finding]:
    """Look whether alerts go to somebody."""
    found = channels_of(deployment.settings.alerts.notify)
    if not found:
        yield warning(
            "alerts go to the log alone: nobody is told of a failed sensor",
            "SENSOR_SCORING_NOTIFY=smtp:oncall@example.org, or another channel of docs/alerts.md",
        )
        return
    yield fine(f"alerts go to {', '.join(map(str, found))}")


def messages(deployment: Deployment) -> Iterator[Finding]:
    """Send each channel a message."""
    found = channels_of(deployment.settings.alerts.notify)
    if not found:
        yield fine("there is no channel to try")
    for channel in found:
        delivery = deliver(channel, _MESSAGE, deployment.context)
        if delivery.shortfall:
            yield missing(
                delivery.shortfall, "correct the connection or SENSOR_SCORING_NOTIFY: docs/alerts.md"
            )
        else:
            yield fine(f"{channel} took a test message")
