"""JSON for the fleet page: typed routes, each topic a router in a module of its own; ``app`` has them all.

Whoever may see the runs of the scoring DAG in Airflow may read here; what shows a task's output needs the
right to its logs, and a change the right to edit the DAG.
"""

from __future__ import annotations
