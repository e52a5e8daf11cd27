"""Operations on pools as resources."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.records.states import PoolState
from azure_batch_emulator.wire import conditions, paging
from azure_batch_emulator.wire.arm.pool_bodies import body_of, resource_of
from azure_batch_emulator.wire.arm.pool_json import FILTERS, pool_json, resource_etag
from azure_batch_emulator.wire.arm.resource_ids import account_id
from azure_batch_emulator.wire.bodies.kinds import identifier
from azure_batch_emulator.wire.response import Response

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure_batch_emulator.records.pools import Pool
    from azure_batch_emulator.wire.request import Request

LONGEST_PAUSE_SECONDS = 15
"""What the documentation's samples tell clients to wait between two looks at a deletion."""
_DELETION = re.compile(r"delete-(?P<pool>.+)-(?P<number>[0-9A-F]+)", re.IGNORECASE)
_PLACES = {
    "autoScaleFormula": "properties.scaleSettings.autoScale.formula",
    "autoScaleEvaluationInterval": "properties.scaleSettings.autoScale.evaluationInterval",
    "resizeTimeout": "properties.scaleSettings.fixedScale.resizeTimeout",
    "virtualMachineConfiguration": "properties.deploymentConfiguration.virtualMachineConfiguration",
    "resourceFiles": "properties.startTask.resourceFiles",
    **{
        name: f"properties.{name}"
        for name in ("taskSlotsPerNode", "vmSize", "mountConfiguration", "taskSchedulingPolicy")
    },
}
"""Where a resource has what the engine finds fault with."""


def list_pools(request: Request) -> Response:
    """List the pools of the account."""
    if request.query.get("$select"):
        raise ApiError.unbuilt("$select of pools")
    account, version = account_id(request.engine.core.settings), request.query["api-version"]
    listing: paging.Listing[Pool] = paging.Listing(
        metadata="",
        properties=FILTERS,
        render=lambda pool, _base: pool_json(pool, account, version),
        position=lambda pool: pool.number,
    )
    first = paging.start(request)
    pools = (pool for pool in request.engine.account.pools.values() if pool.number >= first)
    value, link = paging.collect(request, listing, pools, paging.read_filter(request, FILTERS))
    return Response(200, {"value": value, **({} if link is None else {"nextLink": link})})


def get_pool(request: Request) -> Response:
    """Show one pool."""
    return _shown(request, request.engine.lookup.pool(request["poolName"]))


def create_pool(request: Request) -> Response:
    """Make a pool, or bring the one that is there to what is wanted."""
    engine, name = request.engine, request["poolName"]
    pool = engine.account.pools.get(name.lower())
    _check_conditions(request, pool)
    wanted = resource_of(request.body(body_of(request.query["api-version"], is_new=True)))
    with _named_as_in_the_body():
        if pool is None:
            pool = engine.pool_resources.create(identifier(name, "poolName"), wanted)
        else:
            engine.pool_resources.replace(pool, wanted)
    return _shown(request, pool)


def update_pool(request: Request) -> Response:
    """Change what is mentioned of a pool."""
    pool = request.engine.lookup.pool(request["poolName"])
    conditions.check(request, pool)
    wanted = resource_of(request.body(body_of(request.query["api-version"], is_new=False)))
    with _named_as_in_the_body():
        request.engine.pool_resources.update(pool, wanted)
    return _shown(request, pool)


def delete_pool(request: Request) -> Response:
    """Begin to remove a pool; where to look whether it is gone stands in a header."""
    pool = request.engine.account.pools.get(request["poolName"].lower())
    if pool is None:
        return Response(204)
    request.engine.pools.delete(pool)
    return _accepted(request, f"delete-{pool.id}-{pool.number:X}")


def operation_result(request: Request) -> Response:
    """Tell whether a pool that was deleted is gone.

    :raises ApiError: 404, if this pool was never deleted
    """
    operation = request["operationId"]
    found = _DELETION.fullmatch(operation)
    number = int(found["number"], 16) if found else 0
    pool = request.engine.account.pools.get(found["pool"].lower()) if found else None
    is_same = pool is not None and pool.number == number
    if pool is not None and is_same and pool.state is PoolState.DELETING:
        return _accepted(request, operation)
    if is_same or not 0 < number <= request.engine.account.last_number:
        raise ApiError(404, "OperationNotFound", f"There is no operation '{operation}'.")
    return Response(200)


def disable_auto_scale(request: Request) -> Response:
    """Turn autoscale off."""
    pool = request.engine.lookup.pool(request["poolName"])
    request.engine.autoscaling.disable(pool)
    return _shown(request, pool)


def stop_resize(request: Request) -> Response:
    """Give up a resize."""
    pool = request.engine.lookup.pool(request["poolName"])
    request.engine.pools.stop_resize(pool)
    return _shown(request, pool)


def _shown(request: Request, pool: Pool) -> Response:
    account = account_id(request.engine.core.settings)
    json: dict[str, Any] = pool_json(pool, account, request.query["api-version"])
    return Response(200, json, {"ETag": resource_etag(pool)})


def _accepted(request: Request, operation: str) -> Response:
    settings = request.engine.core.settings
    place = f"{request.base}{account_id(settings)}/poolOperationResults/{operation}"
    pause = min(LONGEST_PAUSE_SECONDS, int(settings.deletion.total_seconds()))
    location = f"{place}?api-version={request.query['api-version']}"
    return Response(202, headers={"Location": location, "Retry-After": str(pause)})


def _check_conditions(request: Request, pool: Pool | None) -> None:
    """Hold a PUT against its conditions; If-None-Match means only that there is no such pool yet."""
    headers = request.headers
    if pool is None:
        failed = "if-match" in headers
    elif headers.get("if-none-match") == "*":
        failed = True
    else:
        failed = not conditions.is_matched(headers, pool)
    if failed:
        raise conditions.not_met(412)


@contextmanager
def _named_as_in_the_body() -> Iterator[None]:
    """Let an error of the engine name a property as the body does."""
    try:
        yield
    except ApiError as error:
        for name, place in _PLACES.items():
            error = error.at(name, place)
        raise error from None
