"""When people are told of missing hours, and what they are told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scoring_contract.hour import RunHour
from sensor_scoring.missing_hours.digest import Digest, hours_from_json, hours_to_json, since_beginning
from sensor_scoring.missing_hours.gaps import Gap
from sensor_scoring.missing_hours.repair import Slot
from sensor_scoring.missing_hours.report import MissingReport

FIRST = RunHour.parse("2018-08-29T00")


def hour(number: int) -> RunHour:
    """Return an hour of the day."""
    return RunHour(FIRST.start + timedelta(hours=number))


def a_gap(number: int, *, unpredicted: tuple[str, ...] = ("1_1",)) -> Gap:
    """Return an hour that was never scored."""
    return Gap(hour=hour(number), since=hour(number).end, is_unscored=True, unpredicted=unpredicted)


def a_digest(
    *, missing: tuple[int, ...] = (), active: tuple[int, ...] = (), told: tuple[int, ...] = ()
) -> Digest:
    """Return a digest of hours of the day."""
    slots = {hour(each): Slot.FREE for each in missing} | {hour(each): Slot.ACTIVE for each in active}
    gaps = [a_gap(each) for each in sorted((*missing, *active))]
    return Digest(MissingReport.of(gaps, slots), frozenset(hour(each) for each in told))


@pytest.mark.parametrize(
    ("facts", "is_news"),
    [
        pytest.param({}, False, id="all-is-well"),
        pytest.param({"missing": (1, 2)}, True, id="missing"),
        pytest.param({"missing": (1, 2), "told": (1, 2)}, False, id="known"),
        pytest.param({"missing": (1, 2, 3), "told": (1, 2)}, True, id="one-more"),
        pytest.param({"missing": (1,), "told": (1, 2)}, True, id="one-less"),
        pytest.param({"told": (1, 2)}, True, id="none-any-more"),
        pytest.param({"active": (3,)}, False, id="about-to-be-scored"),
        pytest.param({"active": (1, 2), "told": (1, 2)}, False, id="a-backfill-begins"),
        pytest.param({"active": (2,), "told": (1, 2)}, False, id="a-backfill-is-half-done"),
        pytest.param({"active": (2,), "missing": (3,), "told": (1, 2)}, True, id="and-another-is-missing"),
    ],
)
def test_people_are_told_when_the_set_has_changed_and_nobody_is_at_it(facts, is_news) -> None:
    """An hour with a run in progress is not news before that run has ended."""
    assert a_digest(**facts).is_news == is_news


def test_a_backfill_makes_for_one_message_before_and_one_after() -> None:
    """However often the DAG looks in between."""
    told: frozenset[RunHour] = frozenset()
    messages = []
    looks: list[dict[str, tuple[int, ...]]] = [
        {"missing": (1, 2, 3)},
        {"missing": (1, 2, 3)},
        {"active": (1, 2, 3)},
        {"active": (2, 3)},
        {"active": (3,)},
        {},
        {},
    ]
    for look in looks:
        digest = Digest(a_digest(**look).report, told)
        if digest.is_news:
            messages.append(digest.message().splitlines())
            told = digest.to_remember
    assert [message[0] for message in messages] == [
        "Sensor scoring: 3 hours are incomplete",
        "Sensor scoring: all hours are complete again",
    ]
    assert messages[1][1] == "Complete again: 2018-08-29T01, 2018-08-29T02, 2018-08-29T03"


def test_an_hour_whose_repair_failed_is_told_only_if_another_changed() -> None:
    """It was reported as missing, and still is."""
    half_done = a_digest(active=(1,), missing=(2,), told=(1, 2))
    assert not half_done.is_news
    assert half_done.to_remember == {hour(1), hour(2)}
    assert not a_digest(missing=(1, 2), told=(1, 2)).is_news


def test_the_message_says_what_is_missing_and_how_to_mend_it() -> None:
    """Subject, table, commands."""
    message = a_digest(missing=(1,)).message()
    assert message.splitlines()[0] == "Sensor scoring: 1 hour is incomplete"
    assert "airflow backfill create --dag-id hourly_scoring --from-date 2018-08-29T01:00:00+00:00" in message


def test_what_lies_before_the_first_reading_is_not_missed() -> None:
    """A silent, unscored hour counts only after the first reading or prediction."""
    nothing: tuple[str, ...] = ()
    gaps = [
        a_gap(0, unpredicted=nothing),
        a_gap(1, unpredicted=nothing),
        a_gap(2),
        a_gap(3, unpredicted=nothing),
    ]
    assert [gap.hour for gap in since_beginning(gaps, FIRST)] == [hour(2), hour(3)]
    assert [gap.hour for gap in since_beginning(gaps[1:], FIRST)] == [hour(1), hour(2), hour(3)]


def test_what_people_were_told_reads_back() -> None:
    """Without a blob, nothing has been reported."""
    hours = frozenset({hour(1), hour(20)})
    assert hours_from_json(hours_to_json(hours).encode()) == hours
    assert hours_from_json(None) == frozenset()
    for damaged in (b"{", b"[]", b"\xff", b'{"hours": [7]}', b'{"hours": ["never"]}'):
        assert hours_from_json(damaged) == frozenset()
