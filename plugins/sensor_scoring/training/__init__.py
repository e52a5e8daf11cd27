"""The training run: from readings to models that pass the gate."""

from __future__ import annotations
