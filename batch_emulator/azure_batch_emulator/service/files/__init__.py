"""The files of tasks and nodes: how long they are kept, and how they are read."""

from __future__ import annotations
