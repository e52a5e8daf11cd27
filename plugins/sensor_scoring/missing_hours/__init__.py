"""Incomplete hours, and the commands that complete them."""

from __future__ import annotations
