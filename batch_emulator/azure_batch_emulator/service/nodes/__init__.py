"""Nodes: what they do by themselves, what a person does to them, what befalls them.

Knows attempts and faults. Whatever else depends on a node hears of it by an event.
"""

from __future__ import annotations
