"""The operations of the service and what follows from them; decisions, no HTTP and no waiting.

    engine       composes all of it: which services there are, what each works with, what follows from what
    jobs         jobs with their tasks, and job schedules
    pools        pools, their nodes ordered and let go, autoscale
    nodes        nodes, what a person does to them, what befalls them
    files        the files of tasks and nodes
    attempts     what occupies nodes, and what a runner is told of it
    faults       injected faults that are still to happen
    core, events settings, account, time and timers; what services tell each other

Each knows those below it; which of them, stands in ``tests/test_imports.py``. Upwards they publish events.
"""

from __future__ import annotations
