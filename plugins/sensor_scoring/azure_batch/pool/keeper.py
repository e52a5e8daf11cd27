"""Pools: made or adopted, with a formula for the load of a run; and what keeps them from working.

What a pool and its formula look like is decided in ``pool_spec.py`` and ``autoscale.py``.
"""

from __future__ import annotations

import logging
from contextlib import closing
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from azure.batch import models
from azure.core import MatchConditions
from azure.core.exceptions import ResourceNotFoundError

from sensor_scoring.azure_batch.pool.autoscale import Floor
from sensor_scoring.azure_batch.pool.health import NODE_COLUMNS, autoscale_error, emptiness_of, troubles_of
from sensor_scoring.azure_batch.pool.identity import identity_troubles
from sensor_scoring.azure_batch.pool.mounts import check_mounts
from sensor_scoring.errors import BatchError, FormulaRefused, PoolChanged, PoolUnusable, SettingsError
from sensor_scoring.service_errors import batch_explained
from sensor_scoring.setting_values.image_reference import image_troubles
from sensor_scoring.setting_values.node_image import support_troubles

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from azure.batch import BatchClient

    from sensor_scoring.azure_batch.account_resource import AccountResource
    from sensor_scoring.azure_batch.pool.spec import PoolSpec

log = logging.getLogger(__name__)

_FORMULA_BUSY = frozenset({"PoolBeingResized", "TooManyEnableAutoScaleRequests", "TooManyRequests"})
_LOOKS = 5
"""Conditional writes to a pool before giving up; each failure means that another writer succeeded."""
_PATIENCE = 3
"""How often an announcement is tried again while the service wants a pause between two formulas of a pool:
half a minute. It is worth the wait: unannounced, work waits for the next evaluation, up to five minutes."""
_PAUSE_SECONDS = 8
"""If the service does not say how long: none before the first such try, twice this, four times this."""


class PoolKeeper:
    """Pools of one Batch account.

    :param client: the SDK's client
    :param conn_id: its connection, named in sentences
    :param resource_of: opens the account of a resource id in Azure Resource Manager
    """

    def __init__(
        self, client: BatchClient, *, conn_id: str, resource_of: Callable[[str], AccountResource]
    ) -> None:
        self._client = client
        self._conn_id = conn_id
        self._resource_of = resource_of

    def ensure(self, spec: PoolSpec, *, floor: Floor | None = None) -> list[str]:
        """Create the pool, or adopt it as it is, with a formula for this run's load.

        A fixed-size pool is left alone: somebody decided its size. Of an autoscale pool only the formula is
        ours; a new one is evaluated on the pool before it is enabled, and a live floor is never lowered.

        :return: what a person should know about the pool, a sentence each
        :raises FormulaRefused: if the service does not accept the formula; the pool keeps its old one
        :raises PoolUnusable: if the pool is being deleted, or lacks a mount without which no task could work
        :raises SettingsError: if there is no pool, and no way to make one whose nodes have the identity
        """
        pool, now = self._pool(spec.pool_id)
        if pool is None:
            is_ours = self._create_pool(spec, floor)
            pool, now = self._pool(spec.pool_id)
            if is_ours or pool is None:
                log.info("Created pool %s, scaling up to %d nodes", spec.pool_id, spec.policy.max_nodes)
                return [*troubles_of(pool), *self._made_troubles(spec, pool, now)] if pool else []
        if str(pool.get("state") or "").lower() == "deleting":
            raise PoolUnusable(f"pool {spec.pool_id} is being deleted; the next try finds it gone")
        check_mounts(pool, spec.mounts)
        if not pool.get("enableAutoScale"):
            log.info("Pool %s has a fixed size, which is kept", spec.pool_id)
        else:
            self._change_formula(
                pool, now, lambda pool, now: self._announcing(spec, pool, floor, now), patience=_PATIENCE
            )
        return [
            *self.troubles(spec.pool_id),
            *self._made_troubles(spec, pool, now),
            *image_troubles(pool, spec.image),
        ]

    def release(self, spec: PoolSpec, *, in_use: Callable[[], bool]) -> bool:
        """Take back what is announced: the pool follows its queue alone.

        :param in_use: whether somebody else works on the pool. Asked when the pool was looked at, and the
            formula is set only if nobody changed the pool since: whoever opens a job first and announces
            its load then keeps it
        :return: whether anything that was announced was taken back
        """

        def formula(pool: Mapping[str, Any], now: datetime) -> str | None:
            is_announced = Floor.of_formula(_formula_of(pool), now=now) is not None
            return spec.policy.formula() if is_announced and not in_use() else None

        pool, now = self._pool(spec.pool_id)
        return self._change_formula(pool, now, formula, patience=0)

    def renew_formula(self, spec: PoolSpec) -> bool:
        """Give the pool its formula again, with all that is announced in it: it is evaluated at once.

        :return: whether the pool took it; a fixed size stays, and a pool that is busy keeps what it has
        :raises FormulaRefused: if the service does not accept the formula; the pool keeps its old one
        """

        def formula(pool: Mapping[str, Any], now: datetime) -> str:
            wanted = spec.policy.formula(Floor.of_formula(_formula_of(pool), now=now))
            self.check_formula(spec.pool_id, wanted)
            return wanted

        pool, now = self._pool(spec.pool_id)
        return self._change_formula(pool, now, formula, patience=0)

    def troubles(self, pool_id: str, *, is_waited_for: bool = False) -> list[str]:
        """Say what keeps the pool from working; empty if nothing does.

        :param is_waited_for: whether Batch tasks wait, so that a pool without nodes is worth saying too
        """
        with batch_explained(f"look at pool {pool_id}", self._conn_id):
            pool, now = self._pool(pool_id)
            if pool is None:
                return [f"there is no pool {pool_id}; the next run makes it"]
            nodes = list(self._client.list_nodes(pool_id, select=list(NODE_COLUMNS)))
            found = troubles_of(pool, nodes, now=now)
            return found or (emptiness_of(pool, nodes) if is_waited_for else [])

    def _made_troubles(self, spec: PoolSpec, pool: Mapping[str, Any], now: datetime) -> list[str]:
        """Say what is wrong with what the pool was made with."""
        return [*identity_troubles(pool, spec.identity), *self._node_image_troubles(pool, now)]

    def _node_image_troubles(self, pool: Mapping[str, Any], now: datetime) -> list[str]:
        """Say that the support of the nodes' image ends soon; nothing if the service does not tell."""
        agent = (pool.get("virtualMachineConfiguration") or {}).get("nodeAgentSKUId")
        try:
            return support_troubles(pool, self.supported_images(str(agent)), now=now)
        except BatchError as error:
            # What will be in half a year is not worth failing for.
            log.warning("%s", error)
            return []

    def supported_images(self, agent: str) -> list[Mapping[str, Any]]:
        """Return the node images that the service supports with a node agent."""
        with batch_explained("list the supported images", self._conn_id):
            return list(self._client.list_supported_images(filter=f"nodeAgentSKUId eq '{agent}'"))

    def service_time(self) -> datetime:
        """Return the service's clock: formulas are evaluated by it, not by ours."""
        seen: list[datetime] = []
        with batch_explained("ask for the time", self._conn_id):
            pages = self._client.list_pools(
                max_results=1, select=["id"], raw_response_hook=lambda answer: seen.append(date_of(answer))
            ).by_page()
            next(iter(pages), None)
        return seen[0]

    def _pool(self, pool_id: str) -> tuple[Mapping[str, Any] | None, datetime]:
        seen: list[datetime] = []
        with batch_explained(f"look for pool {pool_id}", self._conn_id):
            try:
                pool = self._client.get_pool(
                    pool_id, raw_response_hook=lambda answer: seen.append(date_of(answer))
                )
            except ResourceNotFoundError:
                return None, datetime.now(UTC)
        return pool, seen[0]

    def _create_pool(self, spec: PoolSpec, floor: Floor | None) -> bool:
        """Create the pool; return whether it was us: another run may have done so meanwhile, for its load."""
        formula = spec.policy.formula(floor)
        if spec.identity:
            return self._create_with_identity(spec, formula)
        known = {"PoolExists": None, "AutoScalingFormulaSyntaxError": FormulaRefused}
        with batch_explained(f"create pool {spec.pool_id}", self._conn_id, known):
            self._client.create_pool(models.BatchPoolCreateOptions(spec.request(formula)))
            return True
        return False

    def _create_with_identity(self, spec: PoolSpec, formula: str) -> bool:
        """Create the pool through Azure Resource Manager; the Batch API would leave the identity out."""
        if not spec.account_id:
            raise SettingsError(
                f"there is no pool {spec.pool_id}, and the Batch API makes none whose nodes have an "
                "identity: set SENSOR_SCORING_BATCH_ACCOUNT_ID, and a run makes it through Azure Resource "
                "Manager, or let make deploy make it"
            )
        with closing(self._resource_of(spec.account_id)) as account:
            return account.create_pool(spec, formula)

    def _announcing(
        self, spec: PoolSpec, pool: Mapping[str, Any], floor: Floor | None, now: datetime
    ) -> str | None:
        """Write the formula that also holds what others have announced; None if the pool has it.

        :raises FormulaRefused: if the service does not accept it
        """
        live = Floor.of_formula(_formula_of(pool), now=now)
        formula = spec.policy.formula(floor.merged(live) if floor else live)
        if formula == _formula_of(pool):
            return None
        self.check_formula(spec.pool_id, formula)
        return formula

    def _change_formula(
        self,
        pool: Mapping[str, Any] | None,
        now: datetime,
        formula_of: Callable[[Mapping[str, Any], datetime], str | None],
        *,
        patience: int,
    ) -> bool:
        """Give a pool the formula that follows from how it is; if it is changed meanwhile, look again.

        :param pool: None if there is none
        :param now: the service's time
        :param formula_of: None leaves the pool alone; so does a fixed size
        :param patience: how often it is tried again while the service wants a pause
        :return: whether the pool took a formula
        """
        for _ in range(_LOOKS):
            if pool is None or not pool.get("enableAutoScale"):
                return False
            formula = formula_of(pool, now)
            if formula is None:
                return False
            try:
                return self._enable(pool["id"], formula, etag=pool["eTag"], patience=patience)
            except PoolChanged as change:
                log.info("%s; looking at it again", change)
                pool, now = self._pool(pool["id"])
        log.warning("The announced load stays: the pool changed during each of %d attempts", _LOOKS)
        return False

    def _enable(self, pool_id: str, formula: str, *, etag: str, patience: int) -> bool:
        """Give the pool a formula; return whether it took it: it may be busy with another one.

        :param etag: the pool as it was looked at
        :raises PoolChanged: if it is another one by now
        """
        known = {"ConditionNotMet": PoolChanged}
        try:
            with batch_explained(f"set the formula of pool {pool_id}", self._conn_id, known):
                self._client.enable_pool_auto_scale(
                    pool_id,
                    models.BatchPoolEnableAutoScaleOptions(auto_scale_formula=formula),
                    etag=etag,
                    match_condition=MatchConditions.IfNotModified,
                    retry_total=patience,
                    retry_backoff_factor=_PAUSE_SECONDS,
                )
        except BatchError as error:
            if error.code not in _FORMULA_BUSY:
                raise
            log.warning("Pool %s keeps its formula for now: %s", pool_id, error)
            return False
        return True

    def check_formula(self, pool_id: str, formula: str) -> str:
        """Evaluate a formula on the live pool without changing the pool.

        :return: the service's result, ``$TargetDedicatedNodes=2;...``
        :raises FormulaRefused: with the service's words on what is wrong and where
        """
        known = {"AutoScalingFormulaSyntaxError": FormulaRefused}
        with batch_explained(f"evaluate a formula on pool {pool_id}", self._conn_id, known):
            run = self._client.evaluate_pool_auto_scale(
                pool_id, models.BatchPoolEvaluateAutoScaleOptions(auto_scale_formula=formula)
            )
        if run.get("error"):
            code = str(run["error"].get("code") or "")
            raise FormulaRefused(
                f"pool {pool_id} refuses the formula: {autoscale_error(run['error'])}", code=code
            )
        return run.results or ""


def _formula_of(pool: Mapping[str, Any]) -> str:
    return str(pool.get("autoScaleFormula") or "")


def date_of(answer: Any) -> datetime:
    """Return when the service answered, by its own clock."""
    text = answer.http_response.headers.get("Date")
    return parsedate_to_datetime(text).astimezone(UTC) if text else datetime.now(UTC)
