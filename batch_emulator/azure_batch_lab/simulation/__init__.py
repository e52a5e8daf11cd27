"""Days of work under a formula, in the emulator's own engine, and what they cost."""

from __future__ import annotations
