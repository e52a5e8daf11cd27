"""What a run is to score: the hour's readings, models and packs, and the pool that takes the load."""

from __future__ import annotations
