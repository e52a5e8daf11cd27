"""HTTP: routes, signatures, OData, and JSON in both directions. Decides nothing about pools or tasks."""

from __future__ import annotations
