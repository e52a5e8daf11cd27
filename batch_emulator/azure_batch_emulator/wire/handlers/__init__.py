"""The operations of the service: each function reads a request, calls the engine and returns a response."""

from __future__ import annotations
