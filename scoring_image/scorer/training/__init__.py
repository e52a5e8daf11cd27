"""``python -m scorer train ...``: fits models to readings, and evaluates them on later readings."""

from __future__ import annotations
