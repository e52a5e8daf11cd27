"""What the account holds: pools, nodes, jobs and tasks, and the moves their states allow.

No clock, no I/O, no HTTP. Records are plain dataclasses of simple values, so that they can be
written to disk; what is derived (indexes, queues) is rebuilt by adding the records again.
"""

from __future__ import annotations
