"""``python -m scorer train ...``: from readings to models, and what they would have said of later ones."""

from __future__ import annotations
