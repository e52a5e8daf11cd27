"""The data plane: shared keys or tokens, any version, errors in OData."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.wire.auth import Authenticator
from azure_batch_emulator.wire.plane import Target
from azure_batch_emulator.wire.route_table import RouteTable
from azure_batch_emulator.wire.routes import ROUTES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_batch_emulator.settings import Settings

_VERSION_MISSING = ApiError(
    400,
    "MissingRequiredQueryParameter",
    "A required query parameter was not specified for this request.",
    values=(("QueryParameterName", "api-version"),),
)
"""Any version will do, but there has to be one."""


class DataPlane:
    """Serves pools, jobs, tasks and files at the account's own address."""

    media_type = "application/json;odata=minimalmetadata"
    request_id_header = "request-id"

    def __init__(self, settings: Settings) -> None:
        self._account = settings.account
        self._authenticator = Authenticator(settings)
        self._routes = RouteTable(ROUTES)

    def admit(self, method: str, raw_path: str, raw_query: str, headers: Mapping[str, str]) -> None:
        """Let in who has signed with the key, or has a token that is good here."""
        self._authenticator.check(method, raw_path, raw_query, headers)

    def find(self, method: str, raw_path: str) -> Target:
        """Find an operation; some clients put the account's name in front of the path."""
        prefix, path = "", raw_path
        if raw_path.lower().startswith(f"/{self._account.lower()}/"):
            end = len(self._account) + 1
            prefix, path = raw_path[:end], raw_path[end:]
        route, parameters = self._routes.find(method, path)
        return Target(route, parameters, prefix, path)

    def check(self, _target: Target, query: Mapping[str, str]) -> None:
        """Refuse a request without a version.

        :raises ApiError: 400 MissingRequiredQueryParameter
        """
        if not query.get("api-version"):
            raise _VERSION_MISSING

    def error_json(self, error: ApiError, base: str, trace: str) -> dict[str, Any]:
        """Write an error in OData."""
        kind = "Microsoft.Azure.Batch.Protocol.Entities.Container.errors/@Element"
        body: dict[str, Any] = {
            "odata.metadata": f"{base}/$metadata#{kind}",
            "code": error.code,
            "message": {"lang": "en-US", "value": f"{error.message}\n{trace}"},
        }
        if error.values:
            body["values"] = [{"key": key, "value": value} for key, value in error.values]
        return body
