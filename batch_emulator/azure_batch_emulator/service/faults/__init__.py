"""Faults that are asked for: what is armed, and what it does when its occasion comes.

Knows no other service: they ask here whether something is to go wrong.
"""

from __future__ import annotations
