"""Traces and metrics, and the exporters that send them. What they tell of a run is decided in ``hourly``."""

from __future__ import annotations
