"""The part of OData the service speaks: ``$filter``, ``$select`` and pages."""

from __future__ import annotations
