"""What differs between the two services on one port: the data plane, and the management plane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_batch_emulator.errors import ApiError
    from azure_batch_emulator.wire.route_table import Route


@dataclass(frozen=True, slots=True)
class Target:
    """What a request is for."""

    route: Route
    parameters: Mapping[str, str]
    """From the path, decoded."""
    prefix: str
    """What comes before the path and stays in links: the account's name, or nothing."""
    path: str
    """As the client wrote it, without the prefix."""


class Plane(Protocol):
    """A service with its own way to sign in, operations, versions and errors."""

    media_type: str
    request_id_header: str

    def admit(self, method: str, raw_path: str, raw_query: str, headers: Mapping[str, str]) -> None:
        """Let a request in.

        :raises ApiError: if its sender may not ask
        """

    def find(self, method: str, raw_path: str) -> Target:
        """Find the operation that a request means.

        :raises ApiError: if there is none
        """

    def check(self, target: Target, query: Mapping[str, str]) -> None:
        """Hold the version, and the names in the path, against what is served.

        :raises ApiError: if one of them is not
        """

    def error_json(self, error: ApiError, base: str, trace: str) -> dict[str, Any]:
        """Write the body of an error.

        :param trace: request id and time, the last lines of the message
        """
