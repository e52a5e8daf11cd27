"""Events on disk: one append-only log per partition, in segment files of bounded size.

``write`` has returned before an event is acknowledged, so it is with the kernel and a killed process loses
nothing that it confirmed. A power failure may, unless every batch is flushed to the disk (``fsync``).
"""

from __future__ import annotations
