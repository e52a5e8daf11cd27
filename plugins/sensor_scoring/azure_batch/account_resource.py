"""The Batch account in Azure Resource Manager, which alone makes pools whose nodes have an identity.

Everything else goes to the Batch API: it is quicker, and needs no role beyond the account.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError

from sensor_scoring.errors import FormulaRefused
from sensor_scoring.roles import Role
from sensor_scoring.service_errors import resource_explained

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure.core.credentials import TokenCredential
    from azure.mgmt.batch import BatchManagementClient

    from sensor_scoring.azure_batch.pool.spec import PoolSpec
    from sensor_scoring.setting_values.resource_ids import BatchAccountId

_TO_CREATE = (
    f"Airflow's identity needs the roles {Role.BATCH} on the Batch account and {Role.IDENTITIES} on that "
    "identity, or make deploy makes the pool"
)
"""Beside the right to make a pool, it takes the right to give an identity away:
https://learn.microsoft.com/azure/batch/managed-identity-pools"""


_TO_READ = f"Airflow's identity needs the role {Role.BATCH} on the Batch account"


class AccountResource:
    """A Batch account as a resource.

    :param client: the SDK's client
    :param place: where the account stands
    """

    def __init__(self, client: BatchManagementClient, place: BatchAccountId) -> None:
        self._client = client
        self._account = (place.resource_group, place.account)

    @classmethod
    def opened(cls, credential: TokenCredential, place: BatchAccountId, *, url: str, **options: Any) -> Self:
        """Open the way to an account; whoever opens it closes it.

        :param url: of Azure Resource Manager; empty for that of the cloud that the SDK is set to
        :param options: of the SDK's client
        """
        # Only a pool that is made, and the preflight, need it.
        from azure.mgmt.batch import BatchManagementClient  # noqa: PLC0415

        return cls(BatchManagementClient(credential, place.subscription, url or None, **options), place)

    def close(self) -> None:
        """Close the client."""
        self._client.close()

    def describe(self) -> Mapping[str, Any]:
        """Return the account as Azure Resource Manager describes it.

        :raises BatchAccessRefused: naming the role that it takes
        """
        with resource_explained("read the Batch account", remedy=_TO_READ):
            return self._client.batch_account.get(*self._account)

    def vm_size(self, name: str, *, location: str) -> Mapping[str, Any] | None:
        """Return a size of nodes as Azure Resource Manager describes it; None if there is no such size.

        :param location: region of the account
        :raises BatchAccessRefused: naming the role that it takes, which is not for the account alone
        """
        remedy = f"Airflow's identity needs the role {Role.SIZES} on the subscription"
        with resource_explained(f"list the VM sizes of {location}", remedy=remedy):
            sizes = self._client.location.list_supported_virtual_machine_skus(location)
            return next((size for size in sizes if str(size.name).lower() == name.lower()), None)

    def create_pool(self, spec: PoolSpec, formula: str) -> bool:
        """Create a pool whose nodes have an identity.

        :return: whether it was us; a pool that is there already stays as it is
        :raises BatchAccessRefused: naming the roles that it takes
        :raises FormulaRefused: if the service does not accept the formula
        """
        action = f"create pool {spec.pool_id} with the identity {spec.identity}"
        known = {"AutoScalingFormulaSyntaxError": FormulaRefused}
        with resource_explained(action, remedy=_TO_CREATE, known=known):
            try:
                self._client.pool.create(
                    *self._account,
                    spec.pool_id,
                    spec.resource(formula),
                    etag="*",
                    match_condition=MatchConditions.IfMissing,
                )
            except ResourceExistsError as error:
                # The SDK's word for every conflict, such as a quota that is reached.
                if error.status_code != HTTPStatus.PRECONDITION_FAILED:
                    raise
                return False
        return True
