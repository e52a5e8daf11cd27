"""The deployment that is looked at: its settings, and the ways to its services."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sensor_scoring.azure_batch.hook import ScoringBatchHook
from sensor_scoring.blob_storage.registry import read_registry
from sensor_scoring.blob_storage.store import BlobStore, is_azurite
from sensor_scoring.hourly.planning.capacity import pool_spec
from sensor_scoring.hourly.planning.readings_range import range_of_readings
from sensor_scoring.patience import Patience
from sensor_scoring.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow.sdk import Context

    from scoring_contract.hour import RunHour
    from scoring_contract.messages.registry import Registry
    from sensor_scoring.azure_batch.account_resource import AccountResource
    from sensor_scoring.azure_batch.onlooker import PoolSight
    from sensor_scoring.azure_batch.pool.spec import PoolSpec


@dataclass
class Deployment:
    """What the checks share.

    :param environ: environment of an Airflow process
    :param context: of the task that looks; empty outside a task
    :param has_database: whether Airflow's database may be asked, as its own commands do
    """

    environ: Mapping[str, str]
    context: Context
    has_database: bool = False
    is_answered: bool = False
    """Whether the Batch account has answered from here."""
    resource: Mapping[str, Any] | None = None
    """The Batch account as Azure Resource Manager describes it; None until it was read."""
    _closing: list[ScoringBatchHook] = field(default_factory=list)

    @cached_property
    def settings(self) -> Settings:
        """The settings.

        :raises SettingsError: naming the variable that cannot be read
        """
        return Settings.from_environ(self.environ)

    @cached_property
    def store(self) -> BlobStore:
        """The storage account."""
        return BlobStore(self.settings.connections.wasb_conn_id)

    @cached_property
    def hook(self) -> ScoringBatchHook:
        """The Batch account."""
        hook = ScoringBatchHook(self.settings.connections.batch_conn_id, patience=Patience())
        self._closing.append(hook)
        return hook

    @cached_property
    def registry(self) -> Registry:
        """The registry of models.

        :raises RegistryMissing: if there is none
        :raises RegistryDamaged: if it cannot be read
        """
        return read_registry(self.store, self.settings)

    @cached_property
    def newest_readings(self) -> RunHour | None:
        """The last hour with readings; None if there are none."""
        container = self.settings.containers.data_container
        found = range_of_readings(lambda folder: self.store.folders(container, folder))
        return found[1] if found else None

    @cached_property
    def spec(self) -> PoolSpec:
        """The pool as the settings want it."""
        return pool_spec(self.settings)

    @cached_property
    def sight(self) -> PoolSight | None:
        """The pool as the service describes it before anything is tried; None if there is none."""
        return self.hook.onlooker.pool(self.spec.pool_id)

    def account_resource(self) -> closing[AccountResource]:
        """Open the Batch account in Azure Resource Manager."""
        return closing(self.hook.account_resource(self.settings.connections.batch_account_id))

    @property
    def storage_account(self) -> str:
        """Name of the storage account, for commands."""
        return _account_in(self.store.container_url(self.settings.containers.data_container))

    @property
    def batch_account(self) -> str:
        """Name of the Batch account, for commands."""
        return _account_in(self.hook.account_url)

    def close(self) -> None:
        """Close what was opened."""
        for hook in self._closing:
            hook.close()


def _account_in(url: str) -> str:
    """Return the account in an address: first part of the host name or, of an emulator, of the path."""
    parts = urlsplit(url)
    if is_azurite(url):
        return parts.path.strip("/").partition("/")[0] or parts.netloc
    return (parts.hostname or "").partition(".")[0]
