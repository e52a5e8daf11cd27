"""What can be told of samples, and whether a formula takes into account that they may be missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_batch_emulator.autoscale.errors import Fault
from azure_batch_emulator.autoscale.names import NODE_METRICS, TASK_METRICS
from azure_batch_emulator.autoscale.samples import LAG, PERIOD
from azure_batch_emulator.autoscale.times import Interval
from azure_batch_lab.review import fact as facts
from azure_batch_lab.review.advice import LATE, NO_LAG, RELIABLE_WINDOW
from azure_batch_lab.review.calls import require
from azure_batch_lab.review.fact import UNKNOWN, Fact
from azure_batch_lab.review.windows import FULL, Window

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from azure_batch_emulator.autoscale.tree import SampleCall
    from azure_batch_lab.review.remarks import Remarks

_BOUNDS_AND_PERCENTAGE = 3


class Sampling:
    """Describes what methods of sample variables give."""

    def __init__(self, remarks: Remarks, *, lag: timedelta) -> None:
        """Begin.

        :param lag: how late samples are at least
        """
        self._remarks = remarks
        self._lag = lag

    def method(self, node: SampleCall, arguments: Sequence[Fact], asked: frozenset[str]) -> Fact:
        """Describe the value of a method.

        :param asked: variables whose completeness was asked before this is evaluated
        :raises Fault: if it does not take the arguments
        """
        about = frozenset({node.variable})
        match node.method:
            case "GetSample":
                return self._samples(node, arguments, has_asked=_covers(asked, node.variable))
            case "GetSamplePercent":
                window = Window.of(arguments)
                self._measure(node, window)
                most = window.most_percent(self._lag)
                return Fact(frozenset({float}), 0.0, most, node.at, asks=about)
            case "GetSamplePeriod":
                return facts.interval(Interval.of(PERIOD))
            case "Count":
                return Fact(frozenset({float}), 0.0, asks=about)
            case _:
                return Fact(facts.moment().kinds, asks=about)

    def lacking(self, vectors: Sequence[Fact]) -> None:
        """Warn of samples that may be missing where nothing stands in for them."""
        for vector in vectors:
            if vector.missing is not None:
                self._remarks.warn(vector.missing, "missing-samples", "there may be no samples")

    def least(self, at: int, values: Sequence[Fact], *, is_compared: bool) -> None:
        """Look at what ``min`` takes the least of: several samples, or a bound that is left without them.

        :param is_compared: whether it is held against another value: the least of a window then says that
            something was so all the time
        """
        for variable in dict.fromkeys(value.several for value in values):
            if variable is not None and not is_compared:
                message = f"min() takes the least of all samples of {variable}"
                self._remarks.warn(at, "least-of-window", message)
        if any(not value.may_be_empty for value in values):
            for value in values:
                if value.unasked is not None and value.may_be_empty:
                    message = "without samples min() is what stands beside them"
                    self._remarks.warn(value.unasked, "missing-samples", message)

    def _samples(self, node: SampleCall, arguments: Sequence[Fact], *, has_asked: bool) -> Fact:
        if not arguments[0].kinds:
            return UNKNOWN
        if arguments[0].kinds == {float}:
            return self._newest(node, arguments, has_asked=has_asked)
        percentage = arguments[-1] if arguments[-1].kinds == {float} else None
        if percentage is None and len(arguments) == _BOUNDS_AND_PERCENTAGE:
            require(arguments[-1], {float}, "the third argument")
        bounds = arguments if percentage is None else arguments[:-1]
        window = Window.of(bounds)
        self._measure(node, window)
        if percentage is None:
            if not has_asked:
                message = f"{node.variable}.GetSample names no percentage"
                self._remarks.warn(node.at, "no-percentage", message)
            return _vector(node, has_asked=has_asked)
        self._demand(node, window, percentage, has_asked=has_asked)
        return _vector(node, has_asked=has_asked, may_be_empty=percentage.low <= 0)

    def _newest(self, node: SampleCall, arguments: Sequence[Fact], *, has_asked: bool) -> Fact:
        if len(arguments) > 1:
            raise Fault("a count of samples stands alone; a percentage goes with a window of time")
        if arguments[0].high < 0:
            raise Fault("a count of samples is not negative")
        missing, several = None if has_asked else node.at, arguments[0].high > 1
        return _vector(node, has_asked=has_asked, missing=missing, several=several)

    def _measure(self, node: SampleCall, window: Window) -> None:
        late = window.most_percent(LAG)
        if window.far is None or window.far >= RELIABLE_WINDOW.total_seconds() or late == FULL:
            return
        if not window.most_percent(NO_LAG):
            message = f"{window} never holds a sample"
        elif late:
            message = f"{window} is at most {late:.0f} % full if samples come {LATE} late"
        else:
            message = f"{window} holds no sample if samples come {LATE} late"
        self._remarks.warn(node.at, "short-window", message)

    def _demand(self, node: SampleCall, window: Window, percentage: Fact, *, has_asked: bool) -> None:
        most = window.most_percent(self._lag)
        if percentage.low > most:
            message = f"{percentage.low:g} % is wanted of a window that is at most {most:.0f} % full"
            self._remarks.warn(node.at, "unattainable-percentage", message)
        elif not has_asked and percentage.high > 0:
            message = "the evaluation fails while there are too few samples"
            self._remarks.warn(node.at, "missing-samples", message)


def _vector(
    node: SampleCall,
    *,
    has_asked: bool,
    may_be_empty: bool = True,
    missing: int | None = None,
    several: bool = True,
) -> Fact:
    # Tasks and nodes are whole; what is measured on machines need not be.
    whole = node.variable in TASK_METRICS | NODE_METRICS
    return Fact(
        frozenset({tuple}),
        0.0,
        fraction=None if whole else node.at,
        may_be_empty=may_be_empty,
        missing=missing,
        unasked=None if has_asked else node.at,
        several=node.variable if several and node.variable in TASK_METRICS else None,
    )


def _covers(asked: frozenset[str], variable: str) -> bool:
    # The task variables of a pool are sampled together.
    return variable in asked or (variable in TASK_METRICS and bool(asked & TASK_METRICS))
