"""Bodies of requests: which properties there may be, and of which kind, in wire names.

Reads and refuses; knows nothing else of the wire.
"""

from __future__ import annotations
