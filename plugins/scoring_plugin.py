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
        site = await asyncio.to_thread(import_module, "sensor_scoring.ui.site")
        await site.app(scope, receive, send)


class ScoringPlugin(AirflowPlugin):
    """What Airflow loads."""

    name = "sensor_scoring"
    fastapi_apps = [  # noqa: RUF012  Airflow reads an attribute of this form
        {"app": LazyPages(), "url_prefix": "/sensor-scoring", "name": "Sensor scoring"}
    ]
    # Airflow cannot show a tab on one DAG alone: on others it says that they score no fleet. The addresses
    # are relative, as Airflow may be served under a path.
    external_views = [  # noqa: RUF012  likewise
        {"name": "Fleet", "url_route": "fleet", "href": "sensor-scoring/fleet", "destination": "nav"},
        {
            "name": "Fleet",
            "url_route": "fleet-of-dag",
            "href": "sensor-scoring/fleet/dags/{DAG_ID}",
            "destination": "dag",
        },
        {
            "name": "Fleet",
            "url_route": "fleet-of-run",
            "href": "sensor-scoring/fleet/dags/{DAG_ID}/runs/{RUN_ID}",
            "destination": "dag_run",
        },
    ]
    operator_extra_links = [StdoutLink(), PredictionsLink()]  # noqa: RUF012  likewise
    priority_weight_strategies = [NewestHourFirst]  # noqa: RUF012  likewise
    listeners = [clear_listener, note_listener]  # noqa: RUF012  likewise
