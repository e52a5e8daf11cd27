"""Who may use the controls of an emulator that others can reach: whoever has the token."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from azure_batch_emulator.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping


def check_token(headers: Mapping[str, str], token: str) -> None:
    """Let a request with the token pass, wherever it comes from: no page of another site has it.

    :raises ApiError: 403 AuthenticationFailed
    """
    scheme, _, credential = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(credential.strip().encode(), token.encode()):
        raise ApiError(
            403,
            "AuthenticationFailed",
            "The controls of this emulator need the header Authorization: Bearer with its control token.",
        )
