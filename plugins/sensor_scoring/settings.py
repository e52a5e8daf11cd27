"""Deployment numbers, from the environment and through one door. Secrets are in Connections, not here.

Each setting is the environment variable ``SENSOR_SCORING_<FIELD>`` of a field of a group; what is not set has
the default there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Self, cast

from sensor_scoring.setting_groups import (
    HOUR_MINUTES,
    AlertSettings,
    AutoscaleSettings,
    ConnectionSettings,
    ContainerSettings,
    HourlySettings,
    MissingHoursSettings,
    MountSettings,
    PoolSettings,
    PoolWatchSettings,
    TelemetrySettings,
    TrainingSettings,
    UpkeepSettings,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sensor_scoring.setting_fields import Setting, SettingGroup

TRAINING_PREFIX = "training"
"""Prefix of training runs' names and of their Batch job ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of a deployment."""

    connections: ConnectionSettings = field(default_factory=ConnectionSettings)
    pool: PoolSettings = field(default_factory=PoolSettings)
    mounts: MountSettings = field(default_factory=MountSettings)
    autoscale: AutoscaleSettings = field(default_factory=AutoscaleSettings)
    containers: ContainerSettings = field(default_factory=ContainerSettings)
    hourly: HourlySettings = field(default_factory=HourlySettings)
    alerts: AlertSettings = field(default_factory=AlertSettings)
    pool_watch: PoolWatchSettings = field(default_factory=PoolWatchSettings)
    telemetry: TelemetrySettings = field(default_factory=TelemetrySettings)
    missing_hours: MissingHoursSettings = field(default_factory=MissingHoursSettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)
    upkeep: UpkeepSettings = field(default_factory=UpkeepSettings)

    @property
    def prewarm_schedule(self) -> str:
        """When, as cron, the coming hour's work is announced; empty for never."""
        minutes = self.autoscale.prewarm_minutes
        if not minutes or self.autoscale.autoscale_policy != "run-aware":
            return ""
        return f"{(math.floor(self.hourly.lateness_minutes) - minutes) % HOUR_MINUTES} * * * *"

    @property
    def pool_ids(self) -> tuple[str, ...]:
        """Batch pools of scoring and of training, which may be one."""
        return tuple(dict.fromkeys((self.pool.pool_id, self.training.train_pool_id or self.pool.pool_id)))

    @property
    def job_prefixes(self) -> tuple[str, ...]:
        """Prefixes of our Batch job ids and of our runs' folders."""
        return self.hourly.job_prefix, TRAINING_PREFIX

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """Read the settings.

        :raises SettingsError: naming the variable that cannot be read
        """
        made: dict[str, Any] = {name: group.from_environ(environ) for name, group in groups()}
        return cls(**made)


def groups() -> Iterator[tuple[str, type[SettingGroup]]]:
    """Yield name and class of each group."""
    for entry in fields(Settings):
        yield entry.name, cast("type[SettingGroup]", entry.default_factory)


def all_settings() -> Iterator[Setting]:
    """Yield every setting, group by group."""
    for _, group in groups():
        yield from group.settings()
