"""Connections, sessions and links: what clients say, and what they are answered. asyncio, on one thread."""

from __future__ import annotations
