"""Outcome of a run: its reports, their summary, and the verdict."""

from __future__ import annotations
