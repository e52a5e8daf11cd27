"""The fleet over time: what the records of hours, the registry and the alert history say of its sensors."""

from __future__ import annotations
