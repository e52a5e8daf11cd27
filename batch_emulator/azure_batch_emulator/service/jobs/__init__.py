"""Jobs with their tasks, what prepares and releases nodes for them, and the schedules that make them.

The top of the services: it knows those of pools, files and attempts, and none of them knows it.
"""

from __future__ import annotations
