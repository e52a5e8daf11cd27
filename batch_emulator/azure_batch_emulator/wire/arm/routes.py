"""Every operation of Microsoft.Batch in Azure Resource Manager with its verb and path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.wire.arm import account, pools
from azure_batch_emulator.wire.route_table import Route

if TYPE_CHECKING:
    from collections.abc import Sequence

    from azure_batch_emulator.wire.response import Response
    from azure_batch_emulator.wire.route_table import Handler

_PROVIDER = "/subscriptions/{subscriptionId}/providers/Microsoft.Batch"
_LOCATION = f"{_PROVIDER}/locations/{{locationName}}"
_GROUP = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Batch"
_ACCOUNT = f"{_GROUP}/batchAccounts/{{accountName}}"
_POOL = f"{_ACCOUNT}/pools/{{poolName}}"

BUILT: Sequence[Route] = (
    Route("batch_account_list", "GET", f"{_PROVIDER}/batchAccounts", account.list_accounts),
    Route("batch_account_list_by_resource_group", "GET", f"{_GROUP}/batchAccounts", account.list_accounts),
    Route("batch_account_get", "GET", _ACCOUNT, account.get_account),
    Route("batch_account_get_keys", "POST", f"{_ACCOUNT}/listKeys", account.get_keys),
    Route("location_get_quotas", "GET", f"{_LOCATION}/quotas", account.get_quotas),
    Route(
        "location_list_supported_virtual_machine_skus",
        "GET",
        f"{_LOCATION}/virtualMachineSkus",
        account.list_vm_sizes,
    ),
    Route("pool_list_by_batch_account", "GET", f"{_ACCOUNT}/pools", pools.list_pools),
    Route("pool_get", "GET", _POOL, pools.get_pool),
    Route("pool_create", "PUT", _POOL, pools.create_pool),
    Route("pool_update", "PATCH", _POOL, pools.update_pool),
    Route("pool_delete", "DELETE", _POOL, pools.delete_pool),
    Route("pool_disable_auto_scale", "POST", f"{_POOL}/disableAutoScale", pools.disable_auto_scale),
    Route("pool_stop_resize", "POST", f"{_POOL}/stopResize", pools.stop_resize),
)
"""What the emulator does."""
POLLED = Route(
    "pool_operation_result", "GET", f"{_ACCOUNT}/poolOperationResults/{{operationId}}", pools.operation_result
)
"""Where the header Location of a deletion leads; clients know it from there alone."""

_PACKAGE = f"{_ACCOUNT}/applications/{{applicationName}}/versions/{{versionName}}"
_APPLICATION = f"{_ACCOUNT}/applications/{{applicationName}}"
_ENDPOINT = f"{_ACCOUNT}/privateEndpointConnections/{{privateEndpointConnectionName}}"
_PERIMETER = f"{_ACCOUNT}/networkSecurityPerimeterConfigurations"
_PERIMETER_ENTRY = f"{_PERIMETER}/{{networkSecurityPerimeterConfigurationName}}"
_UNBUILT: Sequence[tuple[str, str, str]] = (
    ("operations_list", "GET", "/providers/Microsoft.Batch/operations"),
    ("batch_account_create", "PUT", _ACCOUNT),
    ("batch_account_update", "PATCH", _ACCOUNT),
    ("batch_account_delete", "DELETE", _ACCOUNT),
    ("batch_account_synchronize_auto_storage_keys", "POST", f"{_ACCOUNT}/syncAutoStorageKeys"),
    ("batch_account_regenerate_key", "POST", f"{_ACCOUNT}/regenerateKeys"),
    (
        "batch_account_list_outbound_network_dependencies_endpoints",
        "GET",
        f"{_ACCOUNT}/outboundNetworkDependenciesEndpoints",
    ),
    ("batch_account_get_detector", "GET", f"{_ACCOUNT}/detectors/{{detectorId}}"),
    ("batch_account_list_detectors", "GET", f"{_ACCOUNT}/detectors"),
    ("application_package_get", "GET", _PACKAGE),
    ("application_package_create", "PUT", _PACKAGE),
    ("application_package_delete", "DELETE", _PACKAGE),
    ("application_package_list", "GET", f"{_APPLICATION}/versions"),
    ("application_package_activate", "POST", f"{_PACKAGE}/activate"),
    ("application_get", "GET", _APPLICATION),
    ("application_create", "PUT", _APPLICATION),
    ("application_update", "PATCH", _APPLICATION),
    ("application_delete", "DELETE", _APPLICATION),
    ("application_list", "GET", f"{_ACCOUNT}/applications"),
    ("private_link_resource_get", "GET", f"{_ACCOUNT}/privateLinkResources/{{privateLinkResourceName}}"),
    ("private_link_resource_list_by_batch_account", "GET", f"{_ACCOUNT}/privateLinkResources"),
    ("private_endpoint_connection_get", "GET", _ENDPOINT),
    ("private_endpoint_connection_update", "PATCH", _ENDPOINT),
    ("private_endpoint_connection_delete", "DELETE", _ENDPOINT),
    ("private_endpoint_connection_list_by_batch_account", "GET", f"{_ACCOUNT}/privateEndpointConnections"),
    ("network_security_perimeter_get_configuration", "GET", _PERIMETER_ENTRY),
    ("network_security_perimeter_list_configurations", "GET", _PERIMETER),
    ("network_security_perimeter_reconcile_configuration", "POST", f"{_PERIMETER_ENTRY}/reconcile"),
    ("location_check_name_availability", "POST", f"{_LOCATION}/checkNameAvailability"),
)


def _refusal(operation: str) -> Handler:
    def refuse(_request: object) -> Response:
        raise ApiError.unbuilt(f"Microsoft.Batch {operation}")

    return refuse


MANAGEMENT_ROUTES: Sequence[Route] = (
    *BUILT,
    POLLED,
    *(Route(operation, method, path, _refusal(operation)) for operation, method, path in _UNBUILT),
)
