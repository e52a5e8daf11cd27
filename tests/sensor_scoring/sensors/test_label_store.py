"""Labels of spans in Blob Storage."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from scoring_contract import layout
from scoring_contract.layout import Container
from scoring_contract.messages.span_label import LabelId, LabelKind, SpanLabel
from sensor_scoring.sensors.label_store import LabelStore
from tests.sensor_scoring.sensors.predictions import HOUR

if TYPE_CHECKING:
    from local_stack.services.azurite import BlobStorage
    from sensor_scoring.blob_storage.store import BlobStore
    from sensor_scoring.settings import Settings

START = int(HOUR.start.timestamp()) * 1000


def a_label(number: int, *, sensor: str = "1_4", first: int = START, last: int = START + 60_000) -> SpanLabel:
    """Build a label."""
    return SpanLabel(
        sensor=sensor,
        id=LabelId(first, last, f"{number:012x}"),
        kind=LabelKind.FALSE_ALARM,
        note=f"number {number}",
        by="ada",
        at="2018-08-29T05:00:00.000000Z",
    )


@pytest.fixture
def labels(store: BlobStore, settings: Settings) -> LabelStore:
    """Keep labels."""
    return LabelStore(store, settings)


def test_labels_that_are_given_at_the_same_time_are_all_kept(labels: LabelStore) -> None:
    """Of the same sensor and the same span."""
    given = [a_label(number) for number in range(20)]
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(labels.add, given))
    assert labels.among("1_4", HOUR, HOUR).labels == tuple(given)


def test_a_label_that_crosses_hours_is_in_each_and_leaves_all(labels: LabelStore) -> None:
    """It is one label, with one id."""
    long = a_label(1, last=START + 3 * 3_600_000)
    labels.add(long)
    hours = [HOUR, HOUR.next, HOUR.next.next, HOUR.next.next.next]
    assert [labels.among("1_4", hour, hour).labels for hour in hours] == [(long,)] * 4
    assert labels.among("1_4", HOUR.previous, HOUR.previous).labels == ()
    assert labels.remove("1_4", long.id)
    assert [labels.among("1_4", hour, hour).labels for hour in hours] == [()] * 4
    assert not labels.remove("1_4", long.id)


def test_a_label_belongs_to_one_sensor(labels: LabelStore) -> None:
    """Also if another's id begins like its own."""
    ours, others = a_label(1), a_label(1, sensor="1_40")
    labels.add(ours)
    labels.add(others)
    assert labels.among("1_4", HOUR, HOUR).labels == (ours,)
    assert not labels.remove("1_5", ours.id)
    assert labels.remove("1_40", others.id)
    assert labels.among("1_4", HOUR, HOUR).labels == (ours,)


def test_a_label_that_cannot_be_read_is_named(labels: LabelStore, storage: BlobStorage) -> None:
    """The others are shown."""
    labels.add(a_label(1))
    damaged = layout.span_label_blob("1_4", str(a_label(2).id))
    storage.container(Container.DATA).upload_blob(damaged, "{}")
    found = labels.among("1_4", HOUR, HOUR)
    assert found.labels == (a_label(1),)
    assert found.problems == (f"data/{damaged}: label: contract: is version None, this program reads 2",)
