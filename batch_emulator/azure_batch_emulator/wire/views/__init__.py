"""Records as JSON: what clients see of them, and by which properties they may be filtered."""

from __future__ import annotations
