"""One sensor at a time: its readings with what was predicted of them, its model's past, its labels.

``sensor_readings``, ``model_store`` and ``label_store`` ask Blob Storage; the other modules are pure.
"""

from __future__ import annotations
