"""Alerts about runs, each problem reported once, and the verdict that follows them."""

from __future__ import annotations
