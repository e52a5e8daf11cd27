"""Operations on the account and its location."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.wire import paging
from azure_batch_emulator.wire.arm.resource_ids import account_id
from azure_batch_emulator.wire.arm.vm_sizes import sizes
from azure_batch_emulator.wire.response import Response

if TYPE_CHECKING:
    from azure_batch_emulator.settings import Settings
    from azure_batch_emulator.wire.request import Request

_SIZE_LISTING: paging.Listing[tuple[int, dict[str, Any]]] = paging.Listing(
    metadata="", properties={}, render=lambda entry, _base: entry[1], position=lambda entry: entry[0]
)


def list_accounts(request: Request) -> Response:
    """List the only account there is."""
    return Response(200, {"value": [_account_json(request)]})


def get_account(request: Request) -> Response:
    """Show the account."""
    return Response(200, _account_json(request))


def get_keys(request: Request) -> Response:
    """Show the key of the account; there is no second one."""
    settings = request.engine.core.settings
    return Response(200, {"accountName": settings.account, "primary": settings.key})


def get_quotas(_request: Request) -> Response:
    """Tell how many accounts the location may have."""
    return Response(200, {"accountQuota": 1})


def list_vm_sizes(request: Request) -> Response:
    """List some sizes of virtual machines."""
    if request.query.get("$filter"):
        raise ApiError.unbuilt("$filter of virtualMachineSkus")
    first = paging.start(request)
    found = (entry for entry in enumerate(sizes()) if entry[0] >= first)
    value, link = paging.collect(request, _SIZE_LISTING, found, None)
    return Response(200, {"value": value, **({} if link is None else {"nextLink": link})})


def _core_quotas(settings: Settings) -> dict[str, Any]:
    """Tell the quotas of cores; of nodes in the user's own subscription the service knows none."""
    is_users = settings.pool_allocation_mode == "UserSubscription"
    return {
        "dedicatedCoreQuota": None if is_users else settings.core_quota,
        "lowPriorityCoreQuota": None if is_users else settings.low_priority_core_quota,
        "dedicatedCoreQuotaPerVMFamilyEnforced": False,
    }


def _account_json(request: Request) -> dict[str, Any]:
    settings = request.engine.core.settings
    properties: dict[str, Any] = {
        "accountEndpoint": urlsplit(request.base).netloc,
        "provisioningState": "Succeeded",
        "poolAllocationMode": settings.pool_allocation_mode,
        "publicNetworkAccess": settings.public_network_access,
        "encryption": {"keySource": "Microsoft.Batch"},
        **_core_quotas(settings),
        "poolQuota": settings.pool_quota,
        "activeJobAndJobScheduleQuota": settings.active_job_quota,
        "allowedAuthenticationModes": list(settings.authentication_modes),
    }
    return {
        "id": account_id(settings),
        "name": settings.account,
        "type": "Microsoft.Batch/batchAccounts",
        "location": settings.location,
        "identity": {"type": "None"},
        "properties": properties,
    }
