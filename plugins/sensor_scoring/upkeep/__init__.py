"""What all runs share is kept ready, and what grows is cut back."""

from __future__ import annotations
