"""One look for all who ask at once, and for the next seconds."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter

import pytest

from sensor_scoring.ui import shared_looks
from sensor_scoring.ui.shared_looks import LASTS_SECONDS, SharedLooks


class Service:
    """Counts looks; its answer can be held up."""

    def __init__(self) -> None:
        self.now = 0.0
        self.taken: Counter[str] = Counter()
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.looks = SharedLooks(self.take, clock=lambda: self.now)

    def take(self, key: str) -> str:
        """Look."""
        self.taken[key] += 1
        assert self.may_answer.wait(60)
        if key == "wrong":
            raise LookupError(key)
        return f"{key} {self.taken[key]}"


def test_all_who_ask_at_once_share_a_look() -> None:
    """Also with those who come while it is under way, and though one of them leaves."""
    service = Service()

    async def ask() -> list[str]:
        service.may_answer.clear()
        leaves = asyncio.create_task(service.looks.of("a"))
        stay = [asyncio.create_task(service.looks.of("a")) for _ in range(20)]
        await asyncio.sleep(0)
        leaves.cancel()
        late = [asyncio.create_task(service.looks.of("a")) for _ in range(20)]
        await asyncio.sleep(0)
        service.may_answer.set()
        return await asyncio.gather(*stay, *late)

    assert asyncio.run(ask()) == ["a 1"] * 40


def test_a_look_is_shown_for_some_seconds() -> None:
    """Whoever asks later gets another one; another thing is another look."""
    service = Service()

    async def ask() -> list[str]:
        seen = [await service.looks.of("a"), await service.looks.of("b")]
        service.now += LASTS_SECONDS - 0.1
        seen.append(await service.looks.of("a"))
        service.now += 0.1
        return [*seen, await service.looks.of("a")]

    assert asyncio.run(ask()) == ["a 1", "b 1", "a 1", "a 2"]


def test_a_failure_is_told_to_all_and_is_shared_likewise() -> None:
    """Many viewers of what is not there must not cost more calls than one."""
    service = Service()

    async def ask() -> None:
        asked = await asyncio.gather(*(service.looks.of("wrong") for _ in range(5)), return_exceptions=True)
        assert [type(each) for each in asked] == [LookupError] * 5
        with pytest.raises(LookupError):
            await service.looks.of("wrong")

    asyncio.run(ask())
    assert service.taken["wrong"] == 1


def test_who_has_waited_long_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The look goes on for whoever asks next."""
    service = Service()
    monkeypatch.setattr(shared_looks, "PATIENCE_SECONDS", 0.01)
    service.may_answer.clear()

    async def ask() -> str:
        with pytest.raises(TimeoutError):
            await service.looks.of("a")
        monkeypatch.undo()
        service.may_answer.set()
        return await service.looks.of("a")

    assert asyncio.run(ask()) == "a 1"


def test_looks_that_nobody_asks_for_any_more_are_forgotten() -> None:
    """The api-server runs for months."""
    service = Service()

    async def ask() -> None:
        for number in range(500):
            await service.looks.of(str(number))
            service.now += 1

    asyncio.run(ask())
    assert len(service.looks._taken) <= shared_looks.MOST
