"""Injected faults: which are pending, and what each does when it happens.

Knows no other service: they ask here whether something is to go wrong.
"""

from __future__ import annotations
