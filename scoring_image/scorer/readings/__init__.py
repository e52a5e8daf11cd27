"""Reads files of readings (CSV, JSON lines, Avro, Parquet) into one table per sensor.

``files`` reads any of them; each format has its module, and all of them pass rows to a ``builder``.
"""

from __future__ import annotations
