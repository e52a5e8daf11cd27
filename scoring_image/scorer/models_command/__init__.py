"""``python -m scorer models ...``: the command line of the registry."""

from __future__ import annotations
