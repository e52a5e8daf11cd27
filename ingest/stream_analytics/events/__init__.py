"""What comes in: events of an event hub or of a file, and what their bodies say."""

from __future__ import annotations
