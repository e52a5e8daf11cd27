"""Incomplete hours."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scoring_contract.hour import RunHour
from scoring_contract.messages.manifest import ModelRef
from scoring_contract.messages.registry import Registry, SensorEntry, TrainedModel
from scoring_contract.predictions import HEADER_BYTES, PackMark, PredictionFormat, PredictionMark
from sensor_scoring.blob_storage.listing import FoundBlob
from sensor_scoring.missing_hours.gaps import Gap, HourBlobs, due, gap_of

HOUR = RunHour.parse("2018-08-29T02")
LATENESS = timedelta(minutes=5)
NOW = HOUR.end + timedelta(hours=5)
SENT = HOUR.end + timedelta(minutes=1)
PLANNED = HOUR.end + timedelta(minutes=6)
RUN = "scoring-20180829T02-0123456789"


def a_registry(*sensors: str, pack: str = "") -> Registry:
    """Return a registry with a model for each sensor."""
    trained = TrainedModel(ModelRef("v1", "m.json", "00ff", "ocsvm-json/2"), None, None, 0, {})
    entries = {}
    for name in sensors:
        device, _, tag = name.partition("_")
        entries[name] = SensorEntry(device, tag, "v1", {"v1": trained}, pack=pack)
    return Registry(entries)


def readings(sensor: str, *, at: datetime = SENT, file: str = "0") -> FoundBlob:
    """Return a blob with readings of a sensor, or of a pack."""
    return FoundBlob(f"readings/{HOUR.path}/{sensor}/{file}.csv", 900, {}, at)


def text(moment: datetime) -> str:
    """Format a time as plans do."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def prediction(
    sensor: str,
    *,
    planned: datetime = PLANNED,
    name: str = "",
    hour: RunHour = HOUR,
    size: int = 900,
    rows: int | None = None,
    form: PredictionFormat = PredictionFormat.CSV,
) -> FoundBlob:
    """Return a sensor's predictions."""
    mark = PredictionMark(hour, sensor, "00ff", "m.json", text(planned), rows)
    return FoundBlob(
        f"{HOUR.path}/{name or sensor}.{form}", size, mark.to_metadata(), planned + timedelta(minutes=9)
    )


def left_by(run: str = RUN, *, planned: datetime = PLANNED, ended: datetime | None = None) -> list[FoundBlob]:
    """Return the blobs of a run: a plan, a manifest, and a summary if it ended."""
    names = {"plan.json": planned, "manifests/1_1.json": planned}
    names |= {"summary.json": ended} if ended else {}
    return [FoundBlob(f"{run}/{name}", 100, {}, moment) for name, moment in names.items()]


def judged(
    *, registry: Registry, silent: dict[str, datetime] | None = None, now: datetime = NOW, **blobs: Any
) -> Gap | None:
    """Examine the hour."""
    listed = HourBlobs(HOUR, **{name: tuple(found) for name, found in blobs.items()})
    return gap_of(listed, registry, silent=lambda: silent or {}, lateness=LATENESS, now=now)


ENDED = left_by(ended=PLANNED + timedelta(minutes=3))


@pytest.mark.behaviour("no-model")
def test_readings_of_sensors_without_any_model_are_missing() -> None:
    """Nothing was scored, however green a run was; an hour without readings is complete."""
    gap = judged(registry=a_registry("1_1"), readings=[readings("2_1")], runs=ENDED)
    assert gap is not None
    assert gap.describe() == "1 sensor with readings and no model (2_1)"
    assert judged(registry=Registry(), readings=[readings("2_1")], runs=ENDED) is not None
    assert judged(registry=a_registry("1_1"), runs=ENDED) is None


@pytest.mark.behaviour("plan-of-the-future")
def test_predictions_of_a_plan_of_the_future_are_none() -> None:
    """They would hide the hour until that time."""
    blob = prediction("1_1", planned=PLANNED + timedelta(hours=12))
    blob = replace(blob, modified=PLANNED)
    gap = judged(registry=a_registry("1_1"), readings=[readings("1_1")], predictions=[blob], runs=ENDED)
    assert gap is not None
    assert gap.unpredicted == ("1_1",)


def test_an_hour_with_a_prediction_for_every_sensor_that_can_be_scored_is_whole() -> None:
    """Sensors without readings or without a model need no predictions."""
    found = judged(
        registry=a_registry("1_1", "1_2"),
        readings=[readings("1_1"), readings("9_9")],
        predictions=[prediction("1_1")],
        runs=ENDED,
    )
    assert found is None


def test_predictions_count_in_either_format() -> None:
    """The suffix is not part of a sensor's id."""
    there = prediction("1_1", rows=60, form=PredictionFormat.PARQUET)
    assert (
        judged(registry=a_registry("1_1"), readings=[readings("1_1")], predictions=[there], runs=ENDED)
        is None
    )


def test_an_hour_that_nobody_has_looked_at_is_named_from_when_it_could_be_scored() -> None:
    """Even without readings: no run has recorded that every sensor was silent."""
    whole_fleet = judged(registry=a_registry("1_1"), readings=[readings("1_1")])
    assert whole_fleet == Gap(hour=HOUR, since=HOUR.end + LATENESS, is_unscored=True, unpredicted=("1_1",))
    nothing_sent = judged(registry=a_registry("1_1"))
    assert nothing_sent is not None
    assert nothing_sent.describe() == "never scored, no readings"


def test_without_models_there_is_nothing_to_miss() -> None:
    """Unless there are readings, which nobody can score."""
    assert judged(registry=Registry()) is None
    assert judged(registry=Registry(), readings=[readings("1_1")]) is not None


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param([], id="deleted"),
        pytest.param([prediction("1_1", hour=HOUR.next)], id="of-another-hour"),
        pytest.param([prediction("1_1", size=HEADER_BYTES)], id="without-a-row"),
        pytest.param([prediction("1_1", rows=0, form=PredictionFormat.PARQUET)], id="parquet-without-a-row"),
        pytest.param([prediction("1_2", name="1_1")], id="of-another-sensor"),
        pytest.param([FoundBlob(f"{HOUR.path}/1_1.csv", 900, {}, PLANNED)], id="of-an-unknown-writer"),
    ],
)
def test_a_prediction_that_is_not_there_is_missed_though_its_run_ended_well(wrong) -> None:
    """The run's summary says all is well, but the blobs show otherwise."""
    found = judged(registry=a_registry("1_1"), readings=[readings("1_1")], predictions=wrong, runs=ENDED)
    assert found is not None
    assert (found.is_unscored, found.unpredicted, found.late) == (False, ("1_1",), ())
    assert found.since == HOUR.end + LATENESS


@pytest.mark.parametrize(
    ("came", "is_late"),
    [
        pytest.param(PLANNED - timedelta(seconds=1), False, id="before-the-plan"),
        pytest.param(PLANNED, True, id="in-its-second"),
        pytest.param(PLANNED + timedelta(seconds=30), True, id="while-it-was-scored"),
        pytest.param(PLANNED + timedelta(hours=1), True, id="afterwards"),
    ],
)
def test_readings_are_late_if_the_plan_cannot_have_seen_them(came, is_late) -> None:
    """The time of the plan counts, not that of the predictions."""
    found = judged(
        registry=a_registry("1_1", "1_2"),
        readings=[readings("1_1"), readings("1_1", at=came, file="1"), readings("1_2")],
        predictions=[prediction("1_1", planned=PLANNED.replace(microsecond=400_000)), prediction("1_2")],
        runs=ENDED,
    )
    assert (found is not None) == is_late
    if found:
        assert (found.late, found.unpredicted, found.since) == (("1_1",), (), came)
        assert found.describe() == "1 sensor with readings newer than their predictions (1_1)"


def test_a_sensor_that_a_run_found_silent_is_not_missed_until_more_arrives() -> None:
    """A file without a valid row gives no prediction, however often it is scored."""
    same: dict[str, Any] = {"registry": a_registry("1_1"), "runs": ENDED, "silent": {"1_1": PLANNED}}
    assert judged(**same, readings=[readings("1_1")]) is None
    more = judged(**same, readings=[readings("1_1"), readings("1_1", at=PLANNED + LATENESS, file="1")])
    assert more is not None
    assert more.unpredicted == ("1_1",)


def test_packs_are_judged_sensor_by_sensor() -> None:
    """A pack's readings may be of any member; its predictions list theirs, and single ones count too."""
    mark = PackMark(HOUR, "p1", ("1_1",), "m.json", text(PLANNED)).to_metadata()
    packed = FoundBlob(f"{HOUR.path}/_packs/p1.csv", 900, mark, PLANNED)
    same: dict[str, Any] = {"registry": a_registry("1_1", "1_2", "1_3", pack="p1"), "runs": ENDED}
    found = judged(**same, readings=[readings("_packs/p1")], predictions=[packed, prediction("1_2")])
    assert found is not None
    assert found.unpredicted == ("1_3",)
    later = [readings("_packs/p1", at=PLANNED + LATENESS)]
    again = judged(**same, readings=later, predictions=[packed, prediction("1_2"), prediction("1_3")])
    assert again is not None
    assert again.late == ("1_1", "1_2", "1_3")


@pytest.mark.parametrize(
    ("runs", "is_under_way"),
    [
        pytest.param(left_by(), True, id="planned-and-not-summed-up"),
        pytest.param(ENDED, False, id="ended"),
        pytest.param(left_by(ended=PLANNED - timedelta(hours=1)), True, id="cleared-after-its-end"),
        pytest.param(left_by(planned=PLANNED - timedelta(hours=2)), False, id="died-long-ago"),
    ],
)
def test_a_run_that_has_planned_lately_is_under_way(runs, is_under_way) -> None:
    """Its predictions may still come; after an hour it no longer counts."""
    found = judged(
        registry=a_registry("1_1"),
        readings=[readings("1_1")],
        runs=runs,
        now=PLANNED + timedelta(minutes=30),
    )
    assert found is not None
    assert found.is_under_way == is_under_way


def test_only_hours_whose_readings_can_be_complete_should_be_there() -> None:
    """The last hour counts from the moment at which scoring starts."""
    first, until = HOUR, RunHour.parse("2018-08-30T00")
    ready = HOUR.next.end + LATENESS
    assert list(due(first, until, lateness=LATENESS, now=ready)) == [HOUR, HOUR.next]
    assert list(due(first, until, lateness=LATENESS, now=ready - timedelta(seconds=1))) == [HOUR]
    assert len(list(due(first, until, lateness=LATENESS, now=datetime.now(UTC)))) == 22


def test_many_sensors_are_counted_and_a_few_named() -> None:
    """A digest stays readable, whatever the size of the fleet."""
    gap = Gap(hour=HOUR, since=SENT, is_unscored=True, unpredicted=tuple("abcdefg"), is_under_way=True)
    assert gap.describe() == (
        "never scored; 7 sensors without predictions (a, b, c, d, e and 2 more) (a run is under way)"
    )
