"""Alert history in Blob Storage: each problem is reported exactly once.

The blob is written after a message was delivered. While one is on its way the blob holds a claim: of two
runs that end at once the second waits, and then knows what the first has reported. A run that died with a
claim in hand is waited for no longer than :data:`CLAIM`; its own next try does not wait. Only a death between
delivery and the write that follows lets the next try report the same again.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeGuard

from sensor_scoring.alerts.former_history import FORMER_BLOB, former_history
from sensor_scoring.alerts.history import AlertHistory, Claim

if TYPE_CHECKING:
    from collections.abc import Callable

    from sensor_scoring.alerts.conditions import News, Observation, Place
    from sensor_scoring.blob_storage.store import BlobStore

log = logging.getLogger(__name__)

HISTORY_BLOB = "_alerts/history.json"
"""In the ``runs`` container; no run can have this folder: theirs begin with the job prefix."""
CLAIM = timedelta(minutes=5)
_LOOK_AGAIN_SECONDS = 1.0


class AlertHistoryStore:
    """The blob, as one run sees it.

    :param container: of runs
    :param run: base of the run's Batch ids
    """

    def __init__(self, store: BlobStore, container: str, run: str) -> None:
        self._store = store
        self._container = container
        self._run = run

    def holds(self, place: Place) -> bool:
        """Whether a condition has been reported."""
        return place in self._read()[0].conditions

    def report_news(self, seen: Observation, send: Callable[[News], None]) -> bool:
        """Send the news of a run, if there is any, and remember it.

        :param send: delivers the message; if it raises, nothing is remembered
        :return: whether there was news
        :raises BaseException: what ``send`` raises
        """
        news = self._claimed_news(seen)
        if not news:
            return False
        try:
            send(news)
        except BaseException:
            self._update(lambda history: history)
            raise
        self._update(lambda history: history.after(seen)[1])
        return True

    def _claimed_news(self, seen: Observation) -> News:
        """Return the news with the claim in hand; without news, with everything remembered."""
        while True:
            history, etag = self._read()
            now = datetime.now(UTC)
            if self._is_others(history.claim) and history.claim.until > now:
                log.info("%s is sending an alert; waiting for it", history.claim.run)
                time.sleep(_LOOK_AGAIN_SECONDS)
                continue
            news, after = history.after(seen)
            wanted = replace(history, claim=Claim(self._run, now + CLAIM)) if news else after
            if self._write(wanted, etag):
                return news

    def _update(self, change: Callable[[AlertHistory], AlertHistory]) -> None:
        """Rewrite the blob and give up the claim, if it is still ours."""
        while True:
            history, etag = self._read()
            changed = change(history)
            wanted = changed if self._is_others(history.claim) else replace(changed, claim=None)
            if self._write(wanted, etag):
                return

    def _is_others(self, claim: Claim | None) -> TypeGuard[Claim]:
        return claim is not None and claim.run != self._run

    def _read(self) -> tuple[AlertHistory, str | None]:
        found = self._store.read_versioned(self._container, HISTORY_BLOB)
        if found is None:
            return self._former(), None
        text, etag = found
        try:
            return AlertHistory.from_json(text), etag
        except ValueError:
            # A repeated alert is better than none at all.
            log.exception("%s/%s is unreadable; starting an empty history", self._container, HISTORY_BLOB)
            return AlertHistory(), etag

    def _former(self) -> AlertHistory:
        """Return the history that version 0.1.0 left behind; an empty one if there is none."""
        text = self._store.read(self._container, FORMER_BLOB)
        try:
            return former_history(text) if text else AlertHistory()
        except ValueError:
            log.exception("%s/%s is unreadable; starting an empty history", self._container, FORMER_BLOB)
            return AlertHistory()

    def _write(self, history: AlertHistory, etag: str | None) -> bool:
        is_written = self._store.write_if_unchanged(
            self._container, HISTORY_BLOB, history.to_json(), etag=etag
        )
        if is_written and etag is None:
            # Else it would be read again once a person deletes the present one to have everything reported.
            self._store.discard(self._container, FORMER_BLOB)
        return is_written
