"""Operations on the account as a whole."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.moments import parse_moment, stamp
from azure_batch_emulator.wire import paging
from azure_batch_emulator.wire.odata.filters import Property
from azure_batch_emulator.wire.response import Response
from azure_batch_emulator.wire.supported_images import supported_images
from azure_batch_emulator.wire.views.pool_json import counts_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from azure_batch_emulator.records.pools import Pool
    from azure_batch_emulator.wire.request import Request

_HOUR = timedelta(hours=1)
_Image = tuple[int, "Mapping[str, Any]"]
_IMAGE_FILTERS: Mapping[str, Property[_Image]] = {
    name: Property.word(lambda entry, name=name: entry[1][name])  # type: ignore[misc]  # mypy reads no defaults of lambdas
    for name in ("osType", "verificationType", "nodeAgentSKUId")
}
_IMAGE_LISTING: paging.Listing[_Image] = paging.Listing(
    metadata="supportedimages",
    properties=_IMAGE_FILTERS,
    render=lambda entry, _base: dict(entry[1]),
    position=lambda entry: entry[0],
)
_COUNT_FILTERS: Mapping[str, Property[Pool]] = {"poolId": Property.word(lambda pool: pool.id)}
_COUNT_LISTING: paging.Listing[Pool] = paging.Listing(
    metadata="nodecounts",
    properties=_COUNT_FILTERS,
    render=counts_json,
    position=lambda pool: pool.number,
)


_APPLICATION_LISTING: paging.Listing[tuple[int, dict[str, Any]]] = paging.Listing(
    metadata="applications",
    properties={},
    render=lambda entry, _base: entry[1],
    position=lambda entry: entry[0],
)


def list_applications(request: Request) -> Response:
    """List the applications of the account, each with its versions."""
    first = paging.start(request)
    found = (entry for entry in enumerate(_applications(request)) if entry[0] >= first)
    return paging.page(request, _APPLICATION_LISTING, found, None)


def get_application(request: Request) -> Response:
    """Show one application.

    :raises ApiError: 404 ApplicationNotFound
    """
    wanted = request["applicationId"].lower()
    for application in _applications(request):
        if str(application["id"]).lower() == wanted:
            head = {"odata.metadata": f"{request.base}/$metadata#applications/@Element"}
            return Response(200, head | application)
    raise ApiError(404, "ApplicationNotFound", "The specified application does not exist.")


def _applications(request: Request) -> list[dict[str, Any]]:
    versions: dict[str, list[str]] = {}
    for application, version in sorted(request.engine.core.settings.applications):
        versions.setdefault(application, []).append(version)
    return [{"id": name, "displayName": name, "versions": known} for name, known in versions.items()]


def list_pool_usage_metrics(request: Request) -> Response:
    """Tell the core-hours of each pool that is there, over its whole life so far.

    The service adds up by half-hours and knows deleted pools too; here a pool is one interval.
    """
    now = request.engine.core.now
    since, until = (_moment(request, name) for name in ("startTime", "endtime"))
    listing: paging.Listing[Pool] = paging.Listing(
        metadata="poolusagemetrics",
        properties=_COUNT_FILTERS,
        render=lambda pool, _base: _usage_json(pool, now),
        position=lambda pool: pool.number,
    )
    first = paging.start(request)
    pools = (
        pool
        for pool in request.engine.account.pools.values()
        if pool.number >= first and (since or now) <= now and pool.created <= (until or now)
    )
    return paging.page(request, listing, pools, paging.read_filter(request, _COUNT_FILTERS))


def _usage_json(pool: Pool, now: datetime) -> dict[str, Any]:
    return {
        "poolId": pool.id,
        "startTime": stamp(pool.created),
        "endTime": stamp(now),
        "vmSize": pool.spec["vmSize"],
        "totalCoreHours": pool.core_time(now) / _HOUR,
    }


def _moment(request: Request, name: str) -> datetime | None:
    text = request.query.get(name, "")
    try:
        return parse_moment(text) if text else None
    except (TypeError, ValueError):
        raise ApiError.bad_query(name, text, "a moment such as 2026-03-04T10:00:00Z is needed") from None


def list_supported_images(request: Request) -> Response:
    """List images a pool can be made of."""
    first = paging.start(request)
    images = (
        entry
        for entry in enumerate(supported_images(request.engine.core.settings.supported_images))
        if entry[0] >= first
    )
    return paging.page(request, _IMAGE_LISTING, images, paging.read_filter(request, _IMAGE_FILTERS))


def list_pool_node_counts(request: Request) -> Response:
    """Count the nodes of each pool by state."""
    first = paging.start(request)
    pools = (pool for pool in request.engine.account.pools.values() if pool.number >= first)
    return paging.page(request, _COUNT_LISTING, pools, paging.read_filter(request, _COUNT_FILTERS))
