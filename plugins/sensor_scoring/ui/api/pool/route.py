"""Route to the pool: its nodes, the work on it, its formula, and what will happen next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Response

from sensor_scoring.hourly.planning.capacity import pool_spec
from sensor_scoring.ui.api.answers import Refusal
from sensor_scoring.ui.api.deployment import Deployed
from sensor_scoring.ui.api.live import live
from sensor_scoring.ui.api.pool.answer import answer_of
from sensor_scoring.ui.api.pool.model import PoolAnswer
from sensor_scoring.ui.pool_look import look_at_pool
from sensor_scoring.ui.shared_looks import SharedLooks

if TYPE_CHECKING:
    from sensor_scoring.settings import Settings

router = APIRouter(tags=["pool"])


def _answer(settings: Settings) -> bytes:
    return answer_of(look_at_pool(settings), pool_spec(settings)).model_dump_json().encode()


looks = SharedLooks(_answer)


@router.get("/pool", response_class=Response, responses={200: {"model": PoolAnswer}, 504: {"model": Refusal}})
async def pool(deployed: Deployed) -> Response:
    """Return what Azure Batch tells of the deployment's pool; all who ask within 3 s get the same answer."""
    return await live(looks.of(deployed.settings))
