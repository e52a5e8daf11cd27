"""Beginning anew in the middle of a life: the account is empty, and nothing of it goes on."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from azure_batch_emulator.confined.folder import Area

if TYPE_CHECKING:
    from azure_batch_emulator.service.engine import Engine


def reset(engine: Engine) -> None:
    """Drop all pools and jobs, end their attempts, forget pending faults, and give back the first quotas.

    Time, versions and numbers go on: what a client still holds of before is never taken for something new.
    """
    engine.attempts.abandon()
    engine.core.timers.clear()
    for pool in engine.account.pools.values():
        folder = Area(engine.core.settings.data, engine.core.settings.data / "nodes" / pool.key)
        engine.core.once_kept(partial(engine.runner.remove, folder))
    engine.account.clear()
    engine.faults.clear()
    engine.quotas.restore()
