"""Model files and their predictions. Only ``skops`` imports scikit-learn."""

from __future__ import annotations
