"""The alert history as version 0.1.0 kept it. Pure."""

from __future__ import annotations

import json

from sensor_scoring.alerts.history import AlertHistory

FORMER_BLOB = "_alerts/known.json"
"""Where it is, in the ``runs`` container."""


def former_history(text: bytes) -> AlertHistory:
    """Read it: a spike was a jump there, and an anomaly rate a share.

    :raises ValueError: if it cannot be read
    """
    try:
        body = json.loads(text)
        body["conditions"]["spike"] = body["conditions"].pop("jump", {})
        body["rates"] = body.pop("shares", {})
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"it is not the alert history of version 0.1.0: {error!r}") from error
    return AlertHistory.from_json(json.dumps(body))
