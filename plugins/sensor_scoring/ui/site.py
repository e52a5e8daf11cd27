"""All that the plugin serves, put together."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from sensor_scoring.ui import fleet_page, pages
from sensor_scoring.ui.api.app import app as api
from sensor_scoring.ui.headers import Headed

app = FastAPI(
    title="Sensor scoring",
    openapi_url=None,
    redirect_slashes=False,
    exception_handlers=dict.fromkeys((401, 403, 404, 405), fleet_page.refusal),
)
app.include_router(fleet_page.router)
app.mount("/api", api)
# The page's own script and style: no data, so nobody need be signed in.
app.mount(
    "/static",
    Headed(
        StaticFiles(directory=fleet_page.STATIC),
        {"x-content-type-options": "nosniff", "cache-control": "no-cache"},
    ),
)
app.mount("", pages.app)
