"""Attempts, whatever of: their place on a node, what a runner is told, how they end.

Knows the core and faults. What bodies refer to (packages, mounts, resource files, storage) is read here,
as it ends in what a runner is told.
"""

from __future__ import annotations
