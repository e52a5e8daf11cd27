"""Outcomes as tables, charts and JSON."""

from __future__ import annotations
