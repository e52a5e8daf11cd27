"""Families of policies, the grid of their members, and the Pareto front of what came of them."""

from __future__ import annotations
