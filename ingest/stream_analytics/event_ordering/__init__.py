"""When an event counts as having happened, how far time has come, and which windows are open. Pure."""

from __future__ import annotations
