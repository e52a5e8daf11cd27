"""What Airflow's plugin manager loads, in every process: as little as can be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.plugins_manager import AirflowPlugin

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping


class LazyPages:
    """The pages behind the operators' links, imported when the first of them is asked for."""

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
    ) -> None:
        """Answer a request (ASGI)."""
        from sensor_scoring.ui.pages import app

        await app(scope, receive, send)


class ScoringPlugin(AirflowPlugin):
    """The pages, below the address that the links lead to."""

    name = "sensor_scoring"
    fastapi_apps = [  # noqa: RUF012  Airflow's declaration
        {"app": LazyPages(), "url_prefix": "/sensor-scoring", "name": "Sensor scoring"}
    ]
