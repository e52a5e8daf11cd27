"""Operations on pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_batch_emulator.wire import conditions, paging
from azure_batch_emulator.wire.bodies import pool_bodies
from azure_batch_emulator.wire.response import Response
from azure_batch_emulator.wire.views.pool_json import COLUMNS, FILTERS, LISTING, run_json

if TYPE_CHECKING:
    from azure_batch_emulator.records.pools import Pool
    from azure_batch_emulator.wire.request import Request


def create_pool(request: Request) -> Response:
    """Make a pool."""
    pool = request.engine.pools.create(request.body(pool_bodies.POOL))
    return Response(201, headers={**_headers(request, pool), "Location": f"{request.base}/pools/{pool.id}"})


def list_pools(request: Request) -> Response:
    """List the pools of the account."""
    chosen = paging.read_filter(request, FILTERS)
    first = paging.start(request)
    pools = (pool for pool in request.engine.account.pools.values() if pool.number >= first)
    return paging.page(request, LISTING, pools, chosen)


def get_pool(request: Request) -> Response:
    """Show one pool."""
    pool = request.engine.lookup.pool(request["poolId"])
    conditions.check(request, pool, reading=True)
    shown = LISTING.shown(request, pool, paging.select(request, COLUMNS))
    head = {"odata.metadata": f"{request.base}/$metadata#pools/@Element"}
    return Response(200, head | shown, conditions.version_headers(pool))


def pool_exists(request: Request) -> Response:
    """Tell whether a pool exists."""
    pool = request.engine.lookup.pool(request["poolId"])
    conditions.check(request, pool, reading=True)
    return Response(200, headers=conditions.version_headers(pool))


def update_pool(request: Request) -> Response:
    """Change some properties of a pool."""
    pool = _for_change(request)
    request.engine.pools.patch(pool, request.body(pool_bodies.POOL_PATCH))
    return Response(200, headers=_headers(request, pool))


def replace_pool_properties(request: Request) -> Response:
    """Replace start task, application packages and metadata."""
    pool = _for_change(request)
    request.engine.pools.replace(pool, request.body(pool_bodies.POOL_REPLACE))
    return Response(204, headers=_headers(request, pool))


def delete_pool(request: Request) -> Response:
    """Begin to remove a pool."""
    request.engine.pools.delete(_for_change(request))
    return Response(202)


def enable_pool_auto_scale(request: Request) -> Response:
    """Turn autoscale on, or give it another formula or interval."""
    pool = _for_change(request)
    request.engine.autoscaling.enable(pool, request.optional_body(pool_bodies.ENABLE_AUTO_SCALE))
    return Response(200, headers=_headers(request, pool))


def disable_pool_auto_scale(request: Request) -> Response:
    """Turn autoscale off."""
    pool = _for_change(request)
    request.engine.autoscaling.disable(pool)
    return Response(200, headers=_headers(request, pool))


def evaluate_pool_auto_scale(request: Request) -> Response:
    """Evaluate a formula without touching the pool."""
    pool = request.engine.lookup.pool(request["poolId"])
    run = request.engine.autoscaling.try_out(
        pool, request.body(pool_bodies.EVALUATE_AUTO_SCALE)["autoScaleFormula"]
    )
    head = {"odata.metadata": f"{request.base}/$metadata#AutoScaleRun/@Element"}
    return Response(200, head | run_json(run), _headers(request, pool))


def resize_pool(request: Request) -> Response:
    """Begin to resize a pool."""
    pool = _for_change(request)
    request.engine.pools.resize(pool, request.body(pool_bodies.RESIZE))
    return Response(202, headers=_headers(request, pool))


def stop_pool_resize(request: Request) -> Response:
    """Give up a resize."""
    pool = _for_change(request)
    request.engine.pools.stop_resize(pool)
    return Response(202, headers=_headers(request, pool))


def remove_nodes(request: Request) -> Response:
    """Let certain nodes go."""
    pool = _for_change(request)
    request.engine.pools.remove_nodes(pool, request.body(pool_bodies.REMOVE_NODES))
    return Response(202, headers=_headers(request, pool))


def _for_change(request: Request) -> Pool:
    pool = request.engine.lookup.pool(request["poolId"])
    conditions.check(request, pool)
    return pool


def _headers(request: Request, pool: Pool) -> dict[str, str]:
    return {**conditions.version_headers(pool), "DataServiceId": f"{request.base}{request.path}"}
