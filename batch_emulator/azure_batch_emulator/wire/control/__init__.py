"""The control plane below /_emulator: faults, quotas, the clock, counts of requests, everything there is."""

from __future__ import annotations
