"""``python -m scorer score ...``: from readings and models to predictions and a report."""

from __future__ import annotations
