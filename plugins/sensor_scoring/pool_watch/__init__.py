"""The watch of the pool between runs: what is stuck is told of once, and cured within bounds."""

from __future__ import annotations
