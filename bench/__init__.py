"""Benchmarks, run by ``make scale``, ``make bench`` and the other ``make bench-...`` targets."""
