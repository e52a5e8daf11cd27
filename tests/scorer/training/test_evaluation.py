"""The evaluation of a new model on later readings."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import OneClassSVM

from scorer.models.format import SKOPS_FORMAT, load_model
from scorer.models.kernels import Rbf
from scorer.models.ocsvm import OneClassSvm
from scorer.models.skops import dump_skops
from scorer.readings.table import ReadingTable
from scorer.training.evaluation import drift, evaluate
from scorer.training.labels import Labels
from scorer.training.series import Series
from scorer.training.span_labels import SpanLabels
from scoring_contract.hour import RunHour
from scoring_contract.messages.manifest import ModelRef
from scoring_contract.messages.span_label import LabelId, LabelKind, SpanLabel
from scoring_contract.messages.training_report import LabelCheck

HOUR = RunHour.parse("2018-08-29T02")
SCORES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40).map(np.array)


def a_model(centre: float) -> OneClassSvm:
    """Build a model that calls values within about one of a centre normal."""
    return OneClassSvm(np.zeros(1), np.ones(1), Rbf(1.0), np.array([[centre]]), np.array([1.0]), -0.3)


def a_series(*values: float) -> Series:
    """Build the readings of an hour, a minute apart."""
    series = Series(pairs={("1", "4")})
    micros = np.array([micros_of(minute) for minute in range(len(values))])
    series.extend(
        ReadingTable(micros, np.array(values, dtype=np.float64)[:, np.newaxis]), with_timestamps=True
    )
    return series


def micros_of(minute: int) -> int:
    """Return a time within the hour in microseconds since 1970."""
    return int(HOUR.start.timestamp() + 60 * minute) * 1_000_000


def labels(*minutes: int, hours: tuple[RunHour, ...] = (HOUR,)) -> Labels:
    """Build labels of sensor 1_4."""
    timestamps = frozenset(map(micros_of, minutes))
    return Labels(frozenset(hours), {"1_4": timestamps})


NO_LABELS = Labels(frozenset(), {})


def test_a_first_model_is_judged_alone() -> None:
    """There are neither a current model to compare with nor labels."""
    found = evaluate(a_model(0), a_series(0, 0.1, 5), sensor="1_4", current=None, labels=NO_LABELS)
    assert (found.readings, found.anomalies, found.comparison, found.labels) == (3, 1, None, None)


def test_a_model_is_compared_over_the_same_readings() -> None:
    """Changed labels are counted reading by reading."""
    current = ("v1", a_model(5))
    found = evaluate(a_model(0), a_series(0, 0.1, 5, 9), sensor="1_4", current=current, labels=NO_LABELS)
    assert found.comparison is not None
    assert (found.comparison.version, found.comparison.changed) == ("v1", 3)
    assert found.changed_share == 0.75


def test_readings_that_a_model_cannot_score_count_for_neither_of_two() -> None:
    """What the new model refuses is left out; what only the current one refuses counts as changed."""
    values = np.linspace(1, 9, 30)[:, np.newaxis]
    data = dump_skops(make_pipeline(FunctionTransformer(np.log1p), OneClassSVM()).fit(values))
    ref = ModelRef("v1", "1_4/v1/model.json", hashlib.sha256(data).hexdigest(), SKOPS_FORMAT)
    logs, later = load_model(data, ref), a_series(-2, 5, 5)
    found = evaluate(logs, later, sensor="1_4", current=("v0", a_model(5)), labels=labels(1))
    assert (found.readings, found.comparison and found.comparison.changed) == (2, 0)
    assert found.labels == LabelCheck(anomalies=1, flagged=0, found=0)
    found = evaluate(a_model(5), later, sensor="1_4", current=("v1", logs), labels=NO_LABELS)
    assert (found.readings, found.comparison and found.comparison.changed) == (3, 1)
    lost = a_series(-2, -3)
    assert evaluate(a_model(5), lost, sensor="1_4", current=("v1", logs), labels=NO_LABELS).comparison is None


def test_labels_give_precision_and_recall() -> None:
    """One of two labelled anomalies is found, and one of two flagged readings is unlabelled."""
    found = evaluate(
        a_model(0), a_series(0, 0.1, 5, 9), sensor="1_4", current=None, labels=labels(1, 2)
    ).labels
    assert found == LabelCheck(anomalies=2, flagged=2, found=1)
    assert (found.recall, found.precision) == (0.5, 0.5)


def test_an_hour_without_labels_counts_for_neither() -> None:
    """Its anomalies are unknown."""
    elsewhere = labels(1, hours=(HOUR.next,))
    assert evaluate(a_model(0), a_series(0, 9), sensor="1_4", current=None, labels=elsewhere).labels is None
    quiet = evaluate(a_model(0), a_series(0, 0.1), sensor="1_4", current=None, labels=labels()).labels
    assert quiet == LabelCheck(0, 0, 0)
    assert (quiet.recall, quiet.precision) == (None, None)


def a_span(kind: LabelKind, minutes: tuple[int, int], *flagged: int, at: int = 0) -> SpanLabel:
    """Build a label of sensor 1_4 from a minute to another; the higher ``at``, the later."""
    first, last = (micros_of(minute) // 1000 for minute in minutes)
    return SpanLabel(
        sensor="1_4",
        id=LabelId(first, last, "0123456789ab"),
        kind=kind,
        readings=tuple(map(micros_of, flagged)),
        by="ada",
        at=f"2018-08-29T03:00:00.{at:06}Z",
    )


REAL, FALSE_ALARM, MAINTENANCE = LabelKind.REAL, LabelKind.FALSE_ALARM, LabelKind.MAINTENANCE


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        pytest.param(
            [a_span(REAL, (1, 3), 2)], LabelCheck(1, 1, 1), id="real-speaks-of-flagged-readings-alone"
        ),
        pytest.param([a_span(FALSE_ALARM, (1, 2))], LabelCheck(0, 1, 0), id="false-alarm"),
        pytest.param([a_span(REAL, (2, 2), 2), a_span(FALSE_ALARM, (0, 1))], LabelCheck(1, 1, 1), id="both"),
        pytest.param(
            [a_span(FALSE_ALARM, (0, 3), at=1), a_span(REAL, (2, 3), 3, at=2)],
            LabelCheck(1, 2, 1),
            id="the-later-one-counts",
        ),
        pytest.param(
            [a_span(REAL, (2, 3), 3, at=1), a_span(MAINTENANCE, (0, 3), at=2)], None, id="overruled"
        ),
        pytest.param([a_span(FALSE_ALARM, (4, 9))], None, id="of-no-reading"),
    ],
)
def test_a_label_of_a_span_speaks_of_its_own_readings_alone(
    spans: list[SpanLabel], expected: LabelCheck | None
) -> None:
    """Of the readings 0, 0.1, 5 and 9 the model flags the last two; the hour has no file of labels."""
    found = Labels(frozenset(), {}, spans=SpanLabels({"1_4": tuple(spans)}))
    series = a_series(0, 0.1, 5, 9)
    assert evaluate(a_model(0), series, sensor="1_4", current=None, labels=found).labels == expected
    assert evaluate(a_model(0), series, sensor="1_5", current=None, labels=found).labels is None


def test_a_label_of_a_span_counts_over_the_file_of_its_hour() -> None:
    """The file calls readings 1 and 2 anomalies; a person says that 2 is a false alarm and 3 is real."""
    spans = a_span(FALSE_ALARM, (2, 2)), a_span(REAL, (3, 3), 3)
    found = Labels(frozenset({HOUR}), labels(1, 2).timestamps, spans=SpanLabels({"1_4": spans}))
    checked = evaluate(a_model(0), a_series(0, 0.1, 5, 9), sensor="1_4", current=None, labels=found).labels
    assert checked == LabelCheck(anomalies=2, flagged=2, found=1)


@pytest.mark.parametrize(
    ("scores", "others", "expected"),
    [
        pytest.param([1, 2, 3, 4], [1, 2, 3, 4], 0.0, id="equal"),
        pytest.param([-1, -2], [1, 2], 1.0, id="apart"),
        pytest.param([1, 1, 1, 1], [1, 1, 1, -1], 0.25, id="a-quarter"),
        pytest.param([0, 0], [0, 0], 0.0, id="no-scale"),
        pytest.param([np.nan, 1], [1, 1], 0.5, id="no-number-lies-below-all"),
        pytest.param([], [], 0.0, id="no-readings"),
    ],
)
def test_drift_is_the_largest_gap_between_the_shares(scores, others, expected) -> None:
    """At each threshold, it compares the fractions of scores at or below it."""
    assert drift(np.array(scores, dtype=np.float64), np.array(others, dtype=np.float64)) == expected


@given(scores=SCORES, others=SCORES, factor=st.sampled_from([2.0**power for power in range(-8, 9)]))
def test_drift_is_a_distance_that_knows_no_scale(scores, others, factor) -> None:
    """It is symmetric, between 0 and 1, and does not depend on the number of readings."""
    found = drift(scores, others)
    assert 0 <= found <= 1
    assert found == drift(others, scores)
    assert drift(scores, scores * factor) == 0
