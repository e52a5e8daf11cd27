"""The step of ``pool_watch``: looks at a pool, does what the bounds allow, and tells what is news."""

from __future__ import annotations

import logging
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from scoring_contract.errors import MessageError
from sensor_scoring.alerts.delivery import tell
from sensor_scoring.alerts.history_store import CLAIM, AlertHistoryStore
from sensor_scoring.alerts.message import message_of
from sensor_scoring.azure_batch.hook import ScoringBatchHook
from sensor_scoring.azure_batch.links import run_page
from sensor_scoring.blob_storage.store import BlobStore
from sensor_scoring.errors import BatchError
from sensor_scoring.hourly.planning.capacity import pool_spec
from sensor_scoring.patience import Patience
from sensor_scoring.pool_watch.choice import A_DAY, wanted_cures
from sensor_scoring.pool_watch.cure import Action
from sensor_scoring.pool_watch.ledger_store import LedgerStore
from sensor_scoring.pool_watch.observation import observation_of_pool
from sensor_scoring.pool_watch.stuck import stuck_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from airflow.sdk import Context

    from sensor_scoring.alerts.conditions import News
    from sensor_scoring.azure_batch.onlooker import PoolSight
    from sensor_scoring.azure_batch.pool.health import PoolTrouble
    from sensor_scoring.azure_batch.pool.spec import PoolSpec
    from sensor_scoring.pool_watch.ledger import CureDone, Ledger
    from sensor_scoring.settings import Settings

log = logging.getLogger(__name__)


def watch_pools(context: Context, settings: Settings) -> list[str]:
    """Look at each pool of the settings.

    :return: what is stuck, a sentence each
    """
    run = context["dag_run"]
    page = run_page(run.dag_id, run.run_id) or run.run_id
    store = BlobStore(settings.connections.wasb_conn_id)
    with closing(ScoringBatchHook(settings.connections.batch_conn_id, patience=Patience())) as hook:
        specs = [replace(pool_spec(settings), pool_id=pool_id) for pool_id in settings.pool_ids]
        watches = [PoolWatch(hook, store, settings, spec=spec, page=page, context=context) for spec in specs]
        return [sentence for watch in watches for sentence in watch.look()]


class PoolWatch:
    """One look at a pool.

    :param spec: the pool as the settings want it
    :param page: of the DAG run that looks
    :param context: of its task, for notifiers
    """

    def __init__(
        self,
        hook: ScoringBatchHook,
        store: BlobStore,
        settings: Settings,
        *,
        spec: PoolSpec,
        page: str,
        context: Context,
    ) -> None:
        self._hook = hook
        self._settings = settings
        self._spec = spec
        self._page = page
        self._context = context
        container = settings.containers.runs_container
        self._ledger = LedgerStore(store, container, spec.pool_id)
        self._history = AlertHistoryStore(store, container, page)

    def look(self) -> list[str]:
        """Look at the pool; a pool that does not exist is as it should be.

        :return: what is stuck, a sentence each
        :raises AlertUndelivered: if channels are set and not one of them took the message
        :raises MessageError: if the ledger of cures cannot be read: nothing is done, but people are told
        """
        sight = self._hook.onlooker.pool(self._spec.pool_id)
        if sight is None:
            log.info("There is no pool %s", self._spec.pool_id)
            return []
        troubles = stuck_of(sight)
        for trouble in troubles:
            log.warning("%s", trouble.sentence)
        try:
            untold, limit = self._cured(sight, troubles)
        except MessageError:
            self._report(sight, troubles, untold=(), limit=0)
            raise
        self._report(sight, troubles, untold=untold, limit=limit)
        told = [(cure, replace(cure, is_told=True)) for cure in untold]
        self._ledger.changed(lambda ledger: ledger.replaced(told))
        return [trouble.sentence for trouble in troubles]

    def _cured(self, sight: PoolSight, troubles: Sequence[PoolTrouble]) -> tuple[list[CureDone], int]:
        """Do what the bounds allow.

        :return: cures that people do not know of; and how many there were in a day, if that is the limit
        """
        a_day = self._settings.pool_watch.pool_cures_a_day
        limit = 0

        def begun(ledger: Ledger) -> Ledger:
            nonlocal limit
            count = ledger.count(since=sight.now - A_DAY)
            limit = count if troubles and a_day and count >= a_day else 0
            cures = wanted_cures(sight, troubles, ledger)[: max(a_day - count, 0)]
            return ledger.extended(cures, at=sight.now, by=self._page) if cures else ledger

        ledger = self._ledger.changed(begun)
        ours = [cure for cure in ledger.cures if (cure.by, cure.at) == (self._page, sight.now)]
        done = list(self._done(ours))
        ledger = self._ledger.changed(lambda ledger: ledger.replaced(done))
        # One of another look is being told of by that look, unless it died.
        late = sight.now - CLAIM
        untold = [cure for cure in ledger.cures if not cure.is_told]
        return [cure for cure in untold if cure.by == self._page or cure.at < late], limit

    def _done(self, begun: Sequence[CureDone]) -> Iterator[tuple[CureDone, CureDone]]:
        """Do what was begun; yield each cure as it was and as it is known now."""
        removals = [cure for cure in begun if cure.action is Action.REMOVE]
        others = [[cure] for cure in begun if cure.action is not Action.REMOVE]
        # In one request: the pool takes no second one before it is steady again.
        for together in [removals, *others] if removals else others:
            failure = self._failure_of(together)
            for cure in together:
                known = cure.ended(failure)
                log.warning("CURE pool %s: %s", self._spec.pool_id, known.sentence)
                yield cure, known

    def _failure_of(self, cures: Sequence[CureDone]) -> str:
        """Do the same to one node or several, or something to the pool; return why it failed, or nothing."""
        pool_id = self._spec.pool_id
        try:
            if cures[0].action is Action.REMOVE:
                self._hook.nodes.remove(pool_id, [cure.node for cure in cures])
            elif cures[0].action is Action.REBOOT:
                self._hook.nodes.reboot(pool_id, cures[0].node)
            elif not self._hook.pools.renew_formula(self._spec):
                return "the pool is busy and keeps its formula for now"
        except BatchError as error:
            return str(error)
        return ""

    def _report(
        self, sight: PoolSight, troubles: Sequence[PoolTrouble], *, untold: Sequence[CureDone], limit: int
    ) -> None:
        cures = [cure.sentence for cure in untold]
        seen = observation_of_pool(sight, troubles, cures=cures, limit=limit)

        def send(news: News) -> None:
            message = message_of(f"pool {self._spec.pool_id}", news, [f"Run: {self._page}"])
            tell(message, self._context, self._settings)

        if not self._history.report_news(seen, send):
            log.info("Pool %s shows nothing new", self._spec.pool_id)
