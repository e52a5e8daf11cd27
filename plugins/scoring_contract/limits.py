"""Limits that training keeps and scoring checks."""

from __future__ import annotations

MOST_DEGREE = 64
"""Limit of a poly kernel's degree; more is a mistake."""
