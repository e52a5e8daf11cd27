"""What became of a run: reports read, summed up in blobs, and judged."""

from __future__ import annotations
