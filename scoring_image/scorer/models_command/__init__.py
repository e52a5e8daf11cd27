"""``python -m scorer models ...``: the registry as people use it."""

from __future__ import annotations
