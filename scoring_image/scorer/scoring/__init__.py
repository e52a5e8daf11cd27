"""``python -m scorer score ...``: predicts readings with models, and writes predictions and a report."""

from __future__ import annotations
