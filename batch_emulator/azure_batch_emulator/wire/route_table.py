"""Finding the operation that a request means.

A path is matched segment by segment, still percent-encoded, so that an encoded slash stays inside
its segment. ``{filePath}`` also takes real slashes and everything after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from azure_batch_emulator.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from azure_batch_emulator.wire.request import Request
    from azure_batch_emulator.wire.response import DeferredResponse, Response

    Handler = Callable[[Request], Response | DeferredResponse]

_OPEN_END = "{filePath}"


@dataclass(frozen=True, slots=True)
class Route:
    """One operation."""

    operation: str
    method: str
    path: str
    handler: Handler


class RouteTable:
    """Finds the operation a request means."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._by_pattern: dict[tuple[str, ...], dict[str, Route]] = {}
        for route in routes:
            pattern = tuple(route.path.strip("/").split("/"))
            self._by_pattern.setdefault(pattern, {})[route.method] = route

    def find(self, method: str, raw_path: str) -> tuple[Route, Mapping[str, str]]:
        """Find the route of a request and the parameters in its path.

        :raises ApiError: if no operation has this path, or none with this verb
        """
        segments = raw_path.strip("/").split("/")
        for pattern, routes in self._by_pattern.items():
            parameters = _match(pattern, segments)
            if parameters is None:
                continue
            if method not in routes:
                message = "The resource doesn't support the specified HTTP verb."
                raise ApiError(405, "UnsupportedHttpVerb", message, values=(("Verb", method),))
            return routes[method], parameters
        message = "The requested URI does not represent any resource on the server."
        raise ApiError(400, "InvalidUri", message, values=(("Path", raw_path),))


def _match(pattern: Sequence[str], segments: Sequence[str]) -> Mapping[str, str] | None:
    if pattern[-1] == _OPEN_END and len(segments) > len(pattern):
        rest = "/".join(segments[len(pattern) - 1 :])
        segments = [*segments[: len(pattern) - 1], rest]
    if len(segments) != len(pattern):
        return None
    parameters = {}
    for wanted, given in zip(pattern, segments, strict=True):
        if wanted.startswith("{"):
            # Names of files may hold any byte; everything else is text.
            errors = "surrogateescape" if wanted == _OPEN_END else "replace"
            parameters[wanted[1:-1]] = unquote(given, errors=errors)
        elif wanted.lower() != given.lower():
            return None
    return parameters if all(parameters.values()) else None
