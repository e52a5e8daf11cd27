"""How readings reach Blob Storage when no Stream Analytics job brings them: a simulator and a CSV loader.

``readings_csv`` and ``simulator`` make :class:`~ingest.reading.Reading` values, ``hour_files`` groups them
into blobs, ``loader`` is the one module that talks to storage. Layout and hours come from
``scoring_contract``.
"""

from __future__ import annotations
