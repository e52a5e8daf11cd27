"""Operations on pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_batch_emulator.wire import conditions, paging
from azure_batch_emulator.wire.bodies import pool_bodies
from azure_batch_emulator.wire.call import Answer, Call
from azure_batch_emulator.wire.views.pool_json import COLUMNS, FILTERS, LISTING, run_json

if TYPE_CHECKING:
    from azure_batch_emulator.records.pools import Pool


def create_pool(call: Call) -> Answer:
    """Make a pool."""
    pool = call.engine.pools.create(call.body(pool_bodies.POOL))
    return Answer(201, headers={**_headers(call, pool), "Location": f"{call.base}/pools/{pool.id}"})


def list_pools(call: Call) -> Answer:
    """List the pools of the account."""
    chosen = paging.read_filter(call, FILTERS)
    first = paging.start(call)
    pools = (pool for pool in call.engine.account.pools.values() if pool.number >= first)
    return paging.page(call, LISTING, pools, chosen)


def get_pool(call: Call) -> Answer:
    """Show one pool."""
    pool = call.engine.lookup.pool(call["poolId"])
    conditions.check(call, pool, reading=True)
    shown = LISTING.shown(call, pool, paging.select(call, COLUMNS))
    head = {"odata.metadata": f"{call.base}/$metadata#pools/@Element"}
    return Answer(200, head | shown, conditions.version_headers(pool))


def pool_exists(call: Call) -> Answer:
    """Tell whether a pool exists."""
    pool = call.engine.lookup.pool(call["poolId"])
    conditions.check(call, pool, reading=True)
    return Answer(200, headers=conditions.version_headers(pool))


def update_pool(call: Call) -> Answer:
    """Change some properties of a pool."""
    pool = _for_change(call)
    call.engine.pools.patch(pool, call.body(pool_bodies.POOL_PATCH))
    return Answer(200, headers=_headers(call, pool))


def replace_pool_properties(call: Call) -> Answer:
    """Replace start task, application packages and metadata."""
    pool = _for_change(call)
    call.engine.pools.replace(pool, call.body(pool_bodies.POOL_REPLACE))
    return Answer(204, headers=_headers(call, pool))


def delete_pool(call: Call) -> Answer:
    """Begin to remove a pool."""
    call.engine.pools.delete(_for_change(call))
    return Answer(202)


def enable_pool_auto_scale(call: Call) -> Answer:
    """Turn autoscale on, or give it another formula or interval."""
    pool = _for_change(call)
    call.engine.autoscaling.enable(pool, call.optional_body(pool_bodies.ENABLE_AUTO_SCALE))
    return Answer(200, headers=_headers(call, pool))


def disable_pool_auto_scale(call: Call) -> Answer:
    """Turn autoscale off."""
    pool = _for_change(call)
    call.engine.autoscaling.disable(pool)
    return Answer(200, headers=_headers(call, pool))


def evaluate_pool_auto_scale(call: Call) -> Answer:
    """Evaluate a formula without touching the pool."""
    pool = call.engine.lookup.pool(call["poolId"])
    run = call.engine.autoscaling.try_out(
        pool, call.body(pool_bodies.EVALUATE_AUTO_SCALE)["autoScaleFormula"]
    )
    head = {"odata.metadata": f"{call.base}/$metadata#AutoScaleRun/@Element"}
    return Answer(200, head | run_json(run), _headers(call, pool))


def resize_pool(call: Call) -> Answer:
    """Begin to resize a pool."""
    pool = _for_change(call)
    call.engine.pools.resize(pool, call.body(pool_bodies.RESIZE))
    return Answer(202, headers=_headers(call, pool))


def stop_pool_resize(call: Call) -> Answer:
    """Give up a resize."""
    pool = _for_change(call)
    call.engine.pools.stop_resize(pool)
    return Answer(202, headers=_headers(call, pool))


def remove_nodes(call: Call) -> Answer:
    """Let certain nodes go."""
    pool = _for_change(call)
    call.engine.pools.remove_nodes(pool, call.body(pool_bodies.REMOVE_NODES))
    return Answer(202, headers=_headers(call, pool))


def _for_change(call: Call) -> Pool:
    pool = call.engine.lookup.pool(call["poolId"])
    conditions.check(call, pool)
    return pool


def _headers(call: Call, pool: Pool) -> dict[str, str]:
    return {**conditions.version_headers(pool), "DataServiceId": f"{call.base}{call.path}"}
