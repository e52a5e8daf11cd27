"""Brings readings into Blob Storage: a loader of files, a simulator of devices, and a local Stream Analytics.

``readings_csv`` and ``simulator`` make :class:`~ingest.reading.Reading` values, ``spool`` sorts them on disk,
``hour_files`` groups them into blobs, and ``loader`` writes these with ``writer``. Only ``writer`` and
``packs`` access storage. Blob names and hours come from ``scoring_contract``.
"""

from __future__ import annotations
