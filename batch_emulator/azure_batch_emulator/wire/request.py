"""A request, as handlers see it."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from azure_batch_emulator.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_batch_emulator.service.engine import Engine
    from azure_batch_emulator.wire.bodies.schema import Schema


@dataclass(frozen=True, slots=True)
class Request:
    """One request, authenticated and routed."""

    engine: Engine
    base: str
    """Scheme, host, port and path prefix as the client wrote them."""
    path: str
    """As the client wrote it, without the prefix."""
    parameters: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    content: bytes

    def __getitem__(self, name: str) -> str:
        return self.parameters[name]

    def body(self, schema: Schema) -> dict[str, Any]:
        """Read the body as JSON that matches a schema.

        :raises ApiError: if it is not
        """
        return dict(schema(self._json()))

    def optional_body(self, schema: Schema) -> dict[str, Any]:
        """Read a body that may be left out."""
        return self.body(schema) if self.content.strip() else {}

    def flag(self, name: str) -> bool:
        """Read a query parameter that is true or false; absent means false.

        :raises ApiError: if it is neither
        """
        value = self.query.get(name, "false").lower()
        if value not in {"true", "false"}:
            raise ApiError.bad_query(name, value, "true or false is needed")
        return value == "true"

    def _json(self) -> Any:
        try:
            return json.loads(self.content, parse_constant=_no_number, parse_float=_finite)
        except (ValueError, RecursionError) as problem:
            raise ApiError.bad_body(f"the body is not JSON: {problem}") from None


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number in JSON")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_number(text)


def read_query(raw: str) -> dict[str, str]:
    """Decode a query; of repeated names the first counts."""
    query: dict[str, str] = {}
    for name, value in parse_qsl(raw, keep_blank_values=True):
        query.setdefault(name, value)
    return query
