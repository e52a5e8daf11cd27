"""Measurements: what a wide run costs, and how it compares. Run by ``make scale`` and ``make bench``."""
