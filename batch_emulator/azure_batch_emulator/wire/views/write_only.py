"""Properties that clients may set and no response shows, as with the service: passwords and keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_WRITE_ONLY = frozenset({"password", "sshPrivateKey", "accountKey", "sasKey", "protectedSettings"})
"""Of user accounts, registries, mounts and extensions of virtual machines."""
_FREE_FORM = frozenset({"settings"})
"""JSON of an extension's own, in which a name means nothing to the service."""


def readable(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of a pool, job, job schedule or task without its write-only properties."""
    return {
        name: value if name in _FREE_FORM else _readable(value)
        for name, value in spec.items()
        if name not in _WRITE_ONLY
    }


def _readable(value: Any) -> Any:
    if isinstance(value, dict):
        return readable(value)
    return [_readable(each) for each in value] if isinstance(value, list) else value
