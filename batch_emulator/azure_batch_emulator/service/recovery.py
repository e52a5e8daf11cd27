"""What goes on when the service starts again with an account that was kept.

To a client a restart looks as if every node had restarted under its tasks: nodes boot, attempts that
were under way are over, their tasks wait again without a requeue being counted. What was asked for
before still happens: an attempt that was being ended counts as ended, a job that was being
terminated or deleted is. Deadlines hold from the moments they were set; those that have passed fall
due at once.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from azure_batch_emulator.confined.folder import Area

if TYPE_CHECKING:
    from azure_batch_emulator.service.engine import Engine

_REMOVED = ("nodes", "nodes/*", "nodes/*/*/workitems", "nodes/*/*/workitems/*", "nodes/*/*/workitems/*/job-*")


def resume(engine: Engine) -> None:
    """Set the timers again that were set; nothing is started before the engine advances."""
    for pool in list(engine.account.pools.values()):
        for node in list(pool.nodes.values()):
            engine.nodes.resume(pool, node)
            engine.node_operations.resume(pool, node)
        engine.autoscaling.resume(pool)
        engine.allocation.resume(pool)
    for job in list(engine.account.jobs.values()):
        engine.jobs.resume(job)
    for schedule in list(engine.account.schedules.values()):
        engine.core.timers.at(engine.core.now, partial(engine.schedules.consider, schedule))
    _sweep(engine)


def _sweep(engine: Engine) -> None:
    """Delete folders that were out of the way already when the service ended."""
    for place in _REMOVED:
        for folder in engine.core.settings.data.glob(f"{place}/.removed-*"):
            engine.runner.remove(Area(engine.core.settings.data, folder))
