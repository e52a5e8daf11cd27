"""What the account may hold, changed while the emulator runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from azure_batch_emulator.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_batch_emulator.service.core import EngineCore

_QUOTAS: Mapping[str, str] = {
    "active_jobs": "active_job_quota",
    "pools": "pool_quota",
    "cores": "core_quota",
    "low_priority_cores": "low_priority_core_quota",
}


class Quotas:
    """The quotas of an account; a change holds until the emulator ends."""

    def __init__(self, core: EngineCore) -> None:
        self._core = core
        self._first = core.settings

    def change(self, **quotas: int | None) -> Mapping[str, int | None]:
        """Change what the account may hold, until the emulator ends; what is there already stays.

        :param quotas: ``active_jobs``, ``pools``, ``cores``, ``low_priority_cores``; None lifts one of cores
        :return: all quotas
        """
        for name, value in quotas.items():
            if name not in _QUOTAS or (value is None and "cores" not in name) or (value or 0) < 0:
                raise ApiError.bad_property(name, value, f"a limit for one of {', '.join(_QUOTAS)}")
        changes: dict[str, Any] = {_QUOTAS[name]: value for name, value in quotas.items()}
        self._core.settings = replace(self._core.settings, **changes)
        return {name: getattr(self._core.settings, field) for name, field in _QUOTAS.items()}

    def restore(self) -> None:
        """Take back every change of quotas."""
        quotas = {field: getattr(self._first, field) for field in _QUOTAS.values()}
        self._core.settings = replace(self._core.settings, **quotas)
