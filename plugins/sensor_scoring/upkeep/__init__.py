"""Keeps the shared pool ready, and deletes what has expired."""

from __future__ import annotations
