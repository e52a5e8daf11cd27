"""The identity that a connection without a key signs in with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.sdk import Connection


def identity_of(conn: Connection) -> dict[str, str | None]:
    """Return what the provider's default Azure credential takes of a connection's extra."""
    extra = conn.extra_dejson
    return {name: extra.get(name) for name in ("managed_identity_client_id", "workload_identity_tenant_id")}
