"""What people are told of runs, each thing once, and the verdict that comes after it."""

from __future__ import annotations
