"""The lab's commands, a file each: its options, and what it prints."""

from __future__ import annotations
