"""Where things stand in Azure Resource Manager."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_batch_emulator.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_batch_emulator.settings import Settings


def account_id(settings: Settings) -> str:
    """Write the id of the account."""
    group = f"/subscriptions/{settings.subscription}/resourceGroups/{settings.resource_group}"
    return f"{group}/providers/Microsoft.Batch/batchAccounts/{settings.account}"


def check_place(settings: Settings, parameters: Mapping[str, str]) -> None:
    """Hold the names in a path against where the account stands.

    :raises ApiError: 404 for another subscription, resource group or account
    """
    names = {
        "subscriptionId": settings.subscription,
        "resourceGroupName": settings.resource_group,
        "accountName": settings.account,
    }
    for name, own in names.items():
        given = parameters.get(name, own)
        if given.lower() != own.lower():
            raise _MISSING[name](given, settings)


def is_location(settings: Settings, name: str) -> bool:
    """Tell whether a region is the account's, by its name or by the one for people (``West Europe``)."""
    return _plain(name) == _plain(settings.location)


def _plain(location: str) -> str:
    return location.replace(" ", "").lower()


def _no_account(name: str, settings: Settings) -> ApiError:
    place = f"under resource group '{settings.resource_group}' was not found."
    return ApiError(404, "ResourceNotFound", f"The Resource 'Microsoft.Batch/batchAccounts/{name}' {place}")


_MISSING = {
    "subscriptionId": lambda name, _: ApiError(
        404, "SubscriptionNotFound", f"The subscription '{name}' could not be found."
    ),
    "resourceGroupName": lambda name, _: ApiError(
        404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found."
    ),
    "accountName": _no_account,
}
