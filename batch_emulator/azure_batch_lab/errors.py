"""Everything the lab raises on purpose.

LabError
└── BadInput   what a person gave cannot be used: an option, a file, a distribution
"""

from __future__ import annotations


class LabError(Exception):
    """Root of the tree; ``str()`` is a sentence for people."""


class BadInput(LabError):
    """An option or a file makes no sense."""
