"""The hourly run: from the readings of an hour to the outcome of every sensor."""

from __future__ import annotations
