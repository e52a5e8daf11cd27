"""What runs a task attempt: a small interface, and real processes behind it."""

from __future__ import annotations
