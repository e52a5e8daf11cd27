"""Pools: operations on them, their nodes ordered and let go, autoscale, and pools that come with a job."""

from __future__ import annotations
