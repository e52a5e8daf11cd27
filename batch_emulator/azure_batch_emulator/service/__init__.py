"""The operations of the service and what follows from them; decisions, no HTTP and no waiting."""

from __future__ import annotations
