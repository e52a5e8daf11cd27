"""Check of the registry that nodes pull the image from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensor_scoring.azure_batch.pool.identity import identities_of
from sensor_scoring.preflight.finding import fine, missing, warning
from sensor_scoring.setting_values.image_reference import registry_of
from sensor_scoring.setting_values.resource_ids import is_same

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sensor_scoring.azure_batch.pool.spec import PoolSpec
    from sensor_scoring.preflight.deployment import Deployment
    from sensor_scoring.preflight.finding import Finding

_NEW_POOL = (
    "what a pool was made with cannot be changed: delete it, or set SENSOR_SCORING_POOL_ID to a new one"
)


def registry(deployment: Deployment) -> Iterator[Finding]:
    """Look whether nodes sign in to the registry of the image, with an identity that they have."""
    spec = deployment.spec
    server = registry_of(spec.image)
    if spec.registry_server and spec.registry_server.lower() != server:
        yield missing(
            f"the image {spec.image} is not in the registry {spec.registry_server}",
            "set SENSOR_SCORING_SCORING_IMAGE to the image's name with its registry, or correct "
            "SENSOR_SCORING_REGISTRY_SERVER",
        )
    elif not _is_private(spec, server):
        yield fine(f"nodes pull {spec.image} without signing in")
    elif deployment.sight is None:
        yield _of_settings(spec, server)
    else:
        yield _of_pool(deployment.sight.pool, server)


def _is_private(spec: PoolSpec, server: str) -> bool:
    return bool(spec.registry_server) or server.endswith((".azurecr.io", ".azurecr.cn", ".azurecr.us"))


def _of_settings(spec: PoolSpec, server: str) -> Finding:
    if spec.registry_server and spec.identity:
        return fine(f"nodes will pull from {server} with the identity of SENSOR_SCORING_NODE_IDENTITY")
    return warning(
        f"nodes will pull from {server} without signing in",
        "set SENSOR_SCORING_REGISTRY_SERVER and SENSOR_SCORING_NODE_IDENTITY, unless everybody may pull",
    )


def _of_pool(pool: Mapping[str, Any], server: str) -> Finding:
    machine = pool.get("virtualMachineConfiguration") or {}
    entries = (machine.get("containerConfiguration") or {}).get("containerRegistries") or ()
    entry = next((each for each in entries if str(each.get("registryServer")).lower() == server), None)
    if entry is None:
        return missing(f"pool {pool['id']} does not name the registry {server} of the image", _NEW_POOL)
    identity = str((entry.get("identityReference") or {}).get("resourceId") or "")
    if not identity and not entry.get("username"):
        return warning(f"pool {pool['id']} pulls from {server} without signing in", _NEW_POOL)
    if not identity:
        return fine(f"pool {pool['id']} pulls from {server} with a password")
    if not any(is_same(identity, own) for own in identities_of(pool)):
        said = (
            f"the nodes of pool {pool['id']} do not have the identity {identity} to pull from {server} with"
        )
        return missing(said, _NEW_POOL)
    return fine(f"pool {pool['id']} pulls from {server} with an identity that its nodes have")
