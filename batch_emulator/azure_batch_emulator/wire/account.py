"""Operations on the account as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure_batch_emulator.wire import paging
from azure_batch_emulator.wire.odata.filters import Property
from azure_batch_emulator.wire.pool_json import counts_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_batch_emulator.records.pools import Pool
    from azure_batch_emulator.wire.call import Answer, Call

_IMAGES: tuple[Mapping[str, Any], ...] = (
    {
        "nodeAgentSKUId": "batch.node.ubuntu 22.04",
        "imageReference": {
            "publisher": "microsoft-dsvm",
            "offer": "ubuntu-hpc",
            "sku": "2204",
            "version": "latest",
        },
        "osType": "linux",
        "capabilities": ["DockerCompatible", "IntelMPI"],
        "verificationType": "verified",
    },
    {
        "nodeAgentSKUId": "batch.node.ubuntu 22.04",
        "imageReference": {
            "publisher": "canonical",
            "offer": "0001-com-ubuntu-server-jammy",
            "sku": "22_04-lts",
            "version": "latest",
        },
        "osType": "linux",
        "capabilities": [],
        "verificationType": "verified",
    },
    {
        "nodeAgentSKUId": "batch.node.debian 12",
        "imageReference": {"publisher": "debian", "offer": "debian-12", "sku": "12", "version": "latest"},
        "osType": "linux",
        "capabilities": [],
        "verificationType": "unverified",
    },
)
"""A few images, for clients that look one up; nodes here run whatever the machine has."""

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


def list_supported_images(call: Call) -> Answer:
    """List images a pool can be made of."""
    first = paging.start(call)
    images = (entry for entry in enumerate(_IMAGES) if entry[0] >= first)
    return paging.page(call, _IMAGE_LISTING, images, paging.read_filter(call, _IMAGE_FILTERS))


def list_pool_node_counts(call: Call) -> Answer:
    """Count the nodes of each pool by state."""
    first = paging.start(call)
    pools = (pool for pool in call.engine.account.pools.values() if pool.number >= first)
    return paging.page(call, _COUNT_LISTING, pools, paging.read_filter(call, _COUNT_FILTERS))
