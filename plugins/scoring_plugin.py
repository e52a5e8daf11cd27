"""The one plugin: links and the pages behind them, which the api-server serves, and the weights of runs.

Every Airflow process executes this file, and outside the folder's packages, so it imports next to nothing.
"""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING, Any

from airflow.plugins_manager import AirflowPlugin

from sensor_scoring.hourly import clear_listener, note_listener
from sensor_scoring.hourly.web_links import PredictionsLink, StdoutLink
from sensor_scoring.priority import NewestHourFirst

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping


class LazyPages:
    """The pages, as an ASGI application that is imported on its first request."""

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        """Answer a request."""
        # The first import takes a second: on a thread, the server's other requests do not wait for it.
        pages = await asyncio.to_thread(import_module, "sensor_scoring.ui.pages")
        await pages.app(scope, receive, send)


class ScoringPlugin(AirflowPlugin):
    """What Airflow loads."""

    name = "sensor_scoring"
    fastapi_apps = [  # noqa: RUF012  Airflow reads an attribute of this form
        {"app": LazyPages(), "url_prefix": "/sensor-scoring", "name": "Sensor scoring"}
    ]
    operator_extra_links = [StdoutLink(), PredictionsLink()]  # noqa: RUF012  likewise
    priority_weight_strategies = [NewestHourFirst]  # noqa: RUF012  likewise
    listeners = [clear_listener, note_listener]  # noqa: RUF012  likewise
