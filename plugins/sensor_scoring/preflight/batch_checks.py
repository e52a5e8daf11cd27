"""Checks of the Batch account: sign-in, clock, node image, pool, formula."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sensor_scoring.azure_batch.pool.health import troubles_of
from sensor_scoring.azure_batch.pool.identity import identity_troubles
from sensor_scoring.azure_batch.pool.mounts import missing_mounts
from sensor_scoring.errors import BatchAccessRefused, FormulaRefused
from sensor_scoring.preflight.finding import fine, missing, warning
from sensor_scoring.roles import on_batch
from sensor_scoring.setting_values.image_reference import image_troubles
from sensor_scoring.setting_values.node_image import is_about, support_troubles

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from sensor_scoring.preflight.deployment import Deployment
    from sensor_scoring.preflight.finding import Finding

_CONTAINERS = "DockerCompatible"
_OTHER_IMAGE = (
    "az batch pool supported-images list, and set SENSOR_SCORING_NODE_IMAGE_PUBLISHER, _OFFER, _SKU and "
    "SENSOR_SCORING_NODE_AGENT_SKU"
)
_SKEW_WARNED = timedelta(seconds=30)
_SKEW_REFUSED = timedelta(minutes=5)
"""Microsoft Entra ID tolerates five minutes: tokens and signatures of clocks further off may be refused."""


def sign_in(deployment: Deployment) -> Iterator[Finding]:
    """Look whether the account answers."""
    try:
        deployment.hook.pools.service_time()
    except BatchAccessRefused as error:
        yield missing(str(error), on_batch(deployment.batch_account))
        return
    deployment.is_answered = True
    yield fine(f"signed in to the Batch account {deployment.batch_account}")


def clock(deployment: Deployment) -> Iterator[Finding]:
    """Compare this machine's clock with the service's."""
    skew = abs(datetime.now(UTC) - deployment.hook.pools.service_time())
    said = f"this machine's clock is {skew.total_seconds():,.0f} s away from Azure Batch's"
    remedy = "synchronise the clock (NTP, chrony) of every machine that runs Airflow"
    if skew > _SKEW_REFUSED:
        yield missing(f"{said}: signatures may not be valid when they are used", remedy)
    elif skew > _SKEW_WARNED:
        yield warning(said, remedy)
    else:
        yield fine("this machine's clock agrees with Azure Batch's")


def node_image(deployment: Deployment) -> Iterator[Finding]:
    """Look whether Azure Batch supports the image of the nodes, for longer than half a year."""
    image = deployment.spec.node_image
    supported = deployment.hook.pools.supported_images(image.agent)
    described = f"{image.publisher} {image.offer} {image.sku} with {image.agent}"
    listed = [entry for entry in supported if is_about(entry, image.request()["imageReference"])]
    if not listed:
        yield missing(f"Azure Batch does not list the node image {described}", _OTHER_IMAGE)
        return
    if not any(_CONTAINERS in (entry.get("capabilities") or ()) for entry in listed):
        yield missing(f"the node image {described} has no container runtime", _OTHER_IMAGE)
        return
    pool = {
        "id": deployment.spec.pool_id,
        "virtualMachineConfiguration": image.request(),
    }
    ending = support_troubles(pool, supported, now=deployment.hook.pools.service_time())
    for sentence in ending:
        yield warning(sentence)
    if not ending:
        yield fine(f"Azure Batch supports the node image {described}")


def pool(deployment: Deployment) -> Iterator[Finding]:
    """Look whether the pool can work or, if there is none, the first run can make it."""
    spec, sight = deployment.spec, deployment.sight
    if sight is None:
        if spec.identity and not spec.account_id:
            yield missing(
                f"there is no pool {spec.pool_id}, and the Batch API makes none whose nodes have an identity",
                "set SENSOR_SCORING_BATCH_ACCOUNT_ID, and a run makes it through Azure Resource Manager; or "
                "make deploy",
            )
        else:
            yield fine(f"there is no pool {spec.pool_id} yet; the first run makes it")
        return
    found = [
        *troubles_of(sight.pool, sight.nodes, now=sight.now),
        *image_troubles(sight.pool, spec.image),
    ]
    for sentence in found:
        yield warning(sentence)
    lacking = [*missing_mounts(sight.pool, spec.mounts), *identity_troubles(sight.pool, spec.identity)]
    for sentence in lacking:
        yield missing(
            sentence,
            f"az batch pool delete --pool-id {spec.pool_id}, and the next run makes it anew; or set "
            "SENSOR_SCORING_POOL_ID to a new pool",
        )
    if not _runs_containers(sight.pool):
        yield missing(
            f"the nodes of pool {spec.pool_id} run no containers",
            "give the pool a container configuration; it cannot be changed: make a new pool and set "
            "SENSOR_SCORING_POOL_ID",
        )
    elif not found and not lacking:
        yield fine(f"pool {spec.pool_id} has {len(sight.nodes)} nodes and no trouble")


def formula(deployment: Deployment) -> Iterator[Finding]:
    """Let the service evaluate our formula on the live pool, which keeps its own."""
    spec, sight = deployment.spec, deployment.sight
    if sight is None:
        yield fine("the formula is evaluated when the first run makes the pool")
        return
    if not sight.pool.get("enableAutoScale"):
        yield warning(
            f"pool {spec.pool_id} has a fixed size: it costs the same without work",
            f"az batch pool autoscale enable --pool-id {spec.pool_id} --auto-scale-formula "
            "'$TargetDedicatedNodes = 0;' and runs will set theirs",
        )
        return
    try:
        results = deployment.hook.pools.check_formula(spec.pool_id, spec.policy.formula())
    except FormulaRefused as error:
        yield missing(str(error), "check SENSOR_SCORING_AUTOSCALE_POLICY and what belongs to it")
        return
    yield fine(f"pool {spec.pool_id} accepts the formula: {results}")


def _runs_containers(described: Mapping[str, Any]) -> bool:
    machine = described.get("virtualMachineConfiguration") or {}
    return bool(machine.get("containerConfiguration"))
