"""The query's text: read, checked word by word, turned into a plan; whatever else it says is refused."""

from __future__ import annotations
