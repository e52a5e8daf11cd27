"""Hours that are not whole, and the commands that make them so."""

from __future__ import annotations
