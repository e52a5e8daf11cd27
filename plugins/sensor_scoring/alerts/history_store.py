"""What people were told, kept in a blob, so that no cause is told twice and none is missed.

The blob is written after a message was delivered. While one is on its way the blob holds a claim: of two
runs that end at once the second waits, and then knows what the first has told. A run that died with a claim
in hand is waited for no longer than :data:`CLAIM`; its own next try does not wait. Only a death between
delivery and the write that follows lets the next try tell the same again.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeGuard

from sensor_scoring.alerts.history import Claim, Known

if TYPE_CHECKING:
    from collections.abc import Callable

    from sensor_scoring.alerts.conditions import News, Observed, Place
    from sensor_scoring.storage import BlobStore

log = logging.getLogger(__name__)

KNOWN_BLOB = "_alerts/known.json"
"""In the ``runs`` container; no run can have this folder: theirs begin with the job prefix."""
CLAIM = timedelta(minutes=5)
_LOOK_AGAIN_SECONDS = 1.0


class ToldBlob:
    """The blob, as one run sees it.

    :param container: of runs
    :param run: base of the run's Batch ids
    """

    def __init__(self, store: BlobStore, container: str, run: str) -> None:
        self._store = store
        self._container = container
        self._run = run

    def knows(self, place: Place) -> bool:
        """Whether people were told of a condition."""
        return place in self._read()[0].conditions

    def tell_news(self, seen: Observed, send: Callable[[News], None]) -> bool:
        """Send what is news in a run, if anything is, and remember it.

        :param send: delivers the message; if it raises, nothing is remembered
        :return: whether there was news
        """
        news = self._claimed_news(seen)
        if not news:
            return False
        try:
            send(news)
        except BaseException:
            self._update(lambda known: known)
            raise
        self._update(lambda known: known.after(seen)[1])
        return True

    def _claimed_news(self, seen: Observed) -> News:
        """Return the news with the claim in hand; without news, with everything remembered."""
        while True:
            known, etag = self._read()
            now = datetime.now(UTC)
            if self._is_others(known.claim) and known.claim.until > now:
                log.info("%s tells something just now; waiting for it", known.claim.run)
                time.sleep(_LOOK_AGAIN_SECONDS)
                continue
            news, after = known.after(seen)
            wanted = replace(known, claim=Claim(self._run, now + CLAIM)) if news else after
            if self._write(wanted, etag):
                return news

    def _update(self, change: Callable[[Known], Known]) -> None:
        """Write the blob anew and give the claim up, if it is still ours."""
        while True:
            known, etag = self._read()
            changed = change(known)
            wanted = changed if self._is_others(known.claim) else replace(changed, claim=None)
            if self._write(wanted, etag):
                return

    def _is_others(self, claim: Claim | None) -> TypeGuard[Claim]:
        return claim is not None and claim.run != self._run

    def _read(self) -> tuple[Known, str | None]:
        found = self._store.read_versioned(self._container, KNOWN_BLOB)
        if found is None:
            return Known(), None
        text, etag = found
        try:
            return Known.from_json(text), etag
        except ValueError:
            # Telling something once more is better than not being able to tell anything.
            log.exception("%s/%s does not read; it is begun anew", self._container, KNOWN_BLOB)
            return Known(), etag

    def _write(self, known: Known, etag: str | None) -> bool:
        return self._store.write_if_unchanged(self._container, KNOWN_BLOB, known.to_json(), etag=etag)
