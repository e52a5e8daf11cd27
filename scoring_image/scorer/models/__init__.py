"""What a model file holds, and what it says of readings. Of scikit-learn only ``skops`` has need."""

from __future__ import annotations
