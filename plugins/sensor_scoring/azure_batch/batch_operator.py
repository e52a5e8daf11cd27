"""Base of the operators that write Batch tasks: command, image and access to storage."""

from __future__ import annotations

import shlex
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from sensor_scoring.azure_batch.task import BatchTaskTemplate
from sensor_scoring.patience import Patience
from sensor_scoring.retries import RETRY_TABLE
from sensor_scoring.setting_values.constraints import SLOTS, WALL_CLOCK_SECONDS, check

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sensor_scoring.azure_batch.grants import Blobs, GrantMaker
    from sensor_scoring.azure_batch.hook import ScoringBatchHook
    from sensor_scoring.azure_batch.task import Names
    from sensor_scoring.blob_storage.store import BlobStore

_QUEUE_ALLOWANCE = timedelta(hours=2)
"""How long a Batch task may wait for a node before its signatures expire; a retry gets new ones."""


class BatchOperator(BaseOperator):
    """Base of operators that write Batch tasks.

    :param command: words of the command line, or one text that is split like a shell would (templated). No
        shell runs it. ``{item}``, ``{job}``, ``{run}`` and ``{task}`` stand for the item, the Batch job, the
        run's base (the job without its generation) and the Batch task.
    :param image: container image; empty for a pool without containers (templated)
    :param registry_server: private registry of the image, pulled with ``node_identity``
    :param environment: environment variables, placeholders as in ``command``; no secrets (templated)
    :param containers: environment variable to ``container:permissions``: the Batch task finds there the URL
        of the container, signed for just these permissions unless ``node_identity`` is given
    :param blobs: of a variable's container the only blobs that the Batch task needs, placeholders as in
        ``command``, each with its permissions. In place of the container's URL it then gets a signature for
        each, as JSON in ``DATA_BLOBS`` where the variable is ``DATA_URL``
    :param log_container: container for stdout.txt and stderr.txt; empty leaves them on the node
    :param log_folder: their folder, placeholders as in ``command``
    :param max_wall_clock: the service ends the Batch task after this
    :param required_slots: slots the Batch task takes on its node
    :param node_identity: resource id of the nodes' identity; empty if they have none
    :param node_identity_client_id: its client id, if the nodes have several
    :param azure_batch_conn_id: connection of the Batch account
    :param wasb_conn_id: connection of the storage account
    """

    template_fields: Sequence[str] = ("command", "image", "environment")

    def __init__(
        self,
        *,
        command: str | Sequence[str],
        image: str = "",
        registry_server: str = "",
        environment: Mapping[str, str] | None = None,
        containers: Mapping[str, str] | None = None,
        blobs: Mapping[str, Mapping[str, str]] | None = None,
        log_container: str = "",
        log_folder: str = "{run}/{job}/{task}",
        max_wall_clock: timedelta = timedelta(minutes=15),
        required_slots: int = 1,
        node_identity: str = "",
        node_identity_client_id: str = "",
        azure_batch_conn_id: str = "azure_batch_default",
        wasb_conn_id: str = "wasb_default",
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("retry_policy", RETRY_TABLE)
        super().__init__(**kwargs)
        self.command = command
        self.image = image
        self.registry_server = registry_server
        self.environment = environment
        self.containers = containers
        self.blobs = blobs
        self.log_container = log_container
        self.log_folder = log_folder
        self.max_wall_clock = max_wall_clock
        self.required_slots = required_slots
        self.node_identity = node_identity
        self.node_identity_client_id = node_identity_client_id
        self.azure_batch_conn_id = azure_batch_conn_id
        self.wasb_conn_id = wasb_conn_id

    @cached_property
    def hook(self) -> ScoringBatchHook:
        """Hook of the Batch account."""
        from sensor_scoring.azure_batch.hook import ScoringBatchHook

        return ScoringBatchHook(azure_batch_conn_id=self.azure_batch_conn_id, patience=Patience())

    @cached_property
    def store(self) -> BlobStore:
        """The storage account."""
        from sensor_scoring.blob_storage.store import BlobStore

        return BlobStore(self.wasb_conn_id)

    @property
    def words(self) -> Sequence[str]:
        """The words of the command."""
        return shlex.split(self.command) if isinstance(self.command, str) else tuple(self.command)

    def _check_arguments(self) -> None:
        """Refuse numbers with which no Batch task could run or be polled.

        :raises SettingsError: naming the argument
        """
        check("max_wall_clock in seconds", self.max_wall_clock.total_seconds(), WALL_CLOCK_SECONDS)
        check("required_slots", self.required_slots, SLOTS)

    def _template(self) -> BatchTaskTemplate:
        return BatchTaskTemplate(
            command=self.words,
            image=self.image,
            registry_server=self.registry_server,
            environment=self.environment or {},
            log_folder=self.log_folder,
            max_wall_clock=self.max_wall_clock,
            required_slots=self.required_slots,
        )

    def blobs_for(self, names: Names, command: Sequence[str]) -> Blobs:  # noqa: ARG002  for those who override it
        """Return the blobs that a Batch task needs, if it needs no more of their containers.

        :param command: words of its command line, placeholders and all
        """
        return {
            variable: {names.fill(blob): permissions for blob, permissions in blobs.items()}
            for variable, blobs in (self.blobs or {}).items()
        }

    def _grant_maker(self) -> GrantMaker:
        from sensor_scoring.azure_batch.grants import GrantMaker

        return GrantMaker(
            store=self.store,
            containers=self.containers or {},
            log_container=self.log_container,
            lasts=self.max_wall_clock + _QUEUE_ALLOWANCE,
            identity=self.node_identity,
            identity_client_id=self.node_identity_client_id,
        )
