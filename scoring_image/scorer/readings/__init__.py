"""Files of readings, CSV, JSON lines, Avro or Parquet, become one table a sensor.

``files`` reads any of them; each format has a module, and all of them hand rows to a ``builder``.
"""

from __future__ import annotations
