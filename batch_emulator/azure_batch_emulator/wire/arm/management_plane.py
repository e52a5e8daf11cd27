"""The management plane: any token if so told, the versions that clients send, Resource Manager's errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.wire.arm.resource_ids import check_place, is_location
from azure_batch_emulator.wire.arm.routes import MANAGEMENT_ROUTES
from azure_batch_emulator.wire.plane import Target
from azure_batch_emulator.wire.route_table import RouteTable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_batch_emulator.settings import Settings

VERSIONS = ("2024-02-01", "2024-07-01", "2025-06-01")
"""Those that ``azure-mgmt-batch`` 17.3, 18.0 and 19.0 send."""
_ROOTS = ("/subscriptions/", "/providers/microsoft.batch/")


def is_management(raw_path: str) -> bool:
    """Tell whether a request is for Azure Resource Manager."""
    return raw_path.lower().startswith(_ROOTS)


class ManagementPlane:
    """Serves the account and its pools as resources."""

    media_type = "application/json; charset=utf-8"
    request_id_header = "x-ms-request-id"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._routes = RouteTable(MANAGEMENT_ROUTES)

    def admit(self, _method: str, _raw_path: str, _raw_query: str, headers: Mapping[str, str]) -> None:
        """Let in who has a token, if any token is good here; neither keys nor tokens of tasks count.

        :raises ApiError: 401 for everybody else
        """
        scheme, _, credential = headers.get("authorization", "").partition(" ")
        if not scheme:
            raise _unknown("AuthenticationFailed", "The 'Authorization' header is missing.")
        if scheme.lower() != "bearer" or not credential.strip():
            reason = "The 'Authorization' header is provided in an invalid format."
            raise _unknown("AuthenticationFailedInvalidHeader", reason)
        if not self._settings.allow_bearer:
            raise _unknown("InvalidAuthenticationToken", "Any token is accepted with --allow-bearer only.")

    def find(self, method: str, raw_path: str) -> Target:
        """Find an operation."""
        route, parameters = self._routes.find(method, raw_path)
        return Target(route, parameters, "", raw_path)

    def check(self, target: Target, query: Mapping[str, str]) -> None:
        """Refuse versions that are not served, and what is not where the account stands.

        :raises ApiError: 400 for a version or a location, 404 for another place
        """
        version = query.get("api-version", "")
        if not version:
            message = "The api-version query parameter (?api-version=) is required for all requests."
            raise ApiError(400, "MissingApiVersionParameter", message)
        location = target.parameters.get("locationName", self._settings.location)
        if version not in VERSIONS or not is_location(self._settings, location):
            raise self._unregistered(target, location, version)
        check_place(self._settings, target.parameters)

    def error_json(self, error: ApiError, _base: str, trace: str) -> dict[str, Any]:
        """Write an error as Resource Manager does."""
        body: dict[str, Any] = {"code": error.code, "message": f"{error.message}\n{trace}"}
        if error.values:
            body["target"] = "BatchAccount"
            body["details"] = [{"code": name, "message": value} for name, value in error.values]
        return {"error": body}

    def _unregistered(self, target: Target, location: str, version: str) -> ApiError:
        _, _, below = target.route.path.partition("Microsoft.Batch/")
        kind = "/".join(part for part in below.split("/") if not part.startswith("{"))
        message = (
            f"No registered resource provider found for location '{location}' and API version '{version}' "
            f"for type '{kind}'. The supported api-versions are '{', '.join(VERSIONS)}'. "
            f"The supported locations are '{self._settings.location}'."
        )
        return ApiError(400, "NoRegisteredProviderFound", message)


def _unknown(code: str, reason: str) -> ApiError:
    headers = (("WWW-Authenticate", 'Bearer error="invalid_token"'),)
    return ApiError(401, code, f"Authentication failed. {reason}", headers=headers)
