"""The operations of the service, one function each: reads the request, calls the engine, answers."""

from __future__ import annotations
