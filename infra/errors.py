"""What keeps a command from being done."""

from __future__ import annotations


class InfraError(Exception):
    """A command cannot be done; the sentence says why."""
