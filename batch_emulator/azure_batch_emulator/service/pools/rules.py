"""What pools may not do while something else is under way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.records.states import AllocationState, PoolState

if TYPE_CHECKING:
    from azure_batch_emulator.records.pools import Pool


def check_not_deleting(pool: Pool) -> None:
    """Refuse to change a pool that is on its way out."""
    if pool.state is PoolState.DELETING:
        raise ApiError.conflict("PoolBeingDeleted", "The specified pool is being deleted.")


def check_steady(pool: Pool) -> None:
    """Refuse to start a resize while one is under way."""
    if pool.allocation is not AllocationState.STEADY:
        raise ApiError.conflict("PoolBeingResized", "The specified pool is being resized.")
