"""Plan of a run: the hour's readings, models and packs, and the pool that takes the load."""

from __future__ import annotations
