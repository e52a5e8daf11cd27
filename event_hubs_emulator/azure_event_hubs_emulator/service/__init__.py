"""What a hub decides: who may do what, where an event goes, where a reader begins. No socket."""

from __future__ import annotations
