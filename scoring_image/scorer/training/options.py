"""The command line of training: hours, estimator and its options."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scorer.models.kernels import MOST_DEGREE
from scorer.readings.table import ONE_FEATURE
from scoring_contract.errors import LayoutError
from scoring_contract.hour import RunHour

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ESTIMATORS = ("ocsvm", "isolation-forest")
KERNELS = ("rbf", "linear", "poly", "sigmoid")
GAMMA_RULES = ("scale", "auto")
"""scikit-learn's own rules for gamma; anything else is a number."""


@dataclass(frozen=True, slots=True)
class TrainOrder:
    """One call of ``scorer train``."""

    trained_from: RunHour
    trained_until: RunHour
    """First hour that is not trained on."""
    nu: float = 0.01
    """Upper bound of the share of training readings that the model labels anomalies; above 0, at most 1."""
    gamma: str | float = "scale"
    min_rows: int = 30
    """A sensor with fewer readings is reported and not trained."""
    estimator: str = "ocsvm"
    """One of :data:`ESTIMATORS`; the options below, except the features, are for ``ocsvm`` only."""
    kernel: str = "rbf"
    degree: int = 3
    """Of the poly kernel."""
    coef0: float = 0.0
    """Of the poly and sigmoid kernels."""
    tol: float = 1e-6
    """Tolerance at which the solver stops. With scikit-learn's default of 1e-3 a small nu is inaccurate: at a
    nu of 0.01, 3.3 % of the training readings of the reference data become anomalies; with 1e-6 it is 1.1 %,
    and half as many support vectors."""
    scaler: bool = True
    """Whether readings are first scaled to mean 0 and variance 1."""
    features: tuple[str, ...] = ONE_FEATURE
    """Numeric columns of the readings that the model uses."""

    @property
    def hours(self) -> Iterator[RunHour]:
        """The hours to train on, oldest first."""
        hour = self.trained_from
        while hour < self.trained_until:
            yield hour
            hour = hour.next


def train_order(argv: Sequence[str]) -> TrainOrder:
    """Parse the words after ``train``.

    :raises SystemExit: with code 2 and a sentence on stderr for an invalid command line
    """
    parser = ArgumentParser(
        prog="python -m scorer train", description="Fit a model for each sensor and publish them all."
    )
    parser.add_argument("--from", required=True, type=_hour, dest="trained_from", metavar="HOUR",
                        help="first hour to train on (UTC), for example 2018-08-28T23")  # fmt: skip
    parser.add_argument("--until", required=True, type=_hour, dest="trained_until", metavar="HOUR",
                        help="first hour after the training hours")  # fmt: skip
    parser.add_argument("--nu", type=_share, default=0.01, help="expected share of anomalies, (0, 1]")
    parser.add_argument("--gamma", type=_gamma, default="scale", help="scale, auto, or a number above 0")
    parser.add_argument("--min-rows", type=_rows, default=30, help="minimum readings of a sensor, 2 or more")
    parser.add_argument("--estimator", choices=ESTIMATORS, default="ocsvm", help="estimator to fit")
    parser.add_argument("--kernel", choices=KERNELS, default="rbf", help="kernel of the ocsvm")
    parser.add_argument("--degree", type=_degree, default=3, help="degree of the poly kernel")
    parser.add_argument("--coef0", type=_finite, default=0.0, help="coef0 of the poly and sigmoid kernels")
    parser.add_argument("--tol", type=_positive, default=1e-6, help="tolerance of the ocsvm's solver")
    parser.add_argument("--no-scaler", action="store_false", dest="scaler", help="do not scale readings")
    parser.add_argument("--features", nargs="+", default=ONE_FEATURE, metavar="COLUMN",
                        help="numeric columns of the readings to train on; default: Value")  # fmt: skip
    options = parser.parse_args(argv)
    if options.trained_until <= options.trained_from:
        parser.error(f"--until {options.trained_until} is not after --from {options.trained_from}")
    if len(set(options.features)) != len(options.features):
        parser.error("--features names a column twice")
    return TrainOrder(**{**vars(options), "features": tuple(options.features)})


def _hour(text: str) -> RunHour:
    try:
        return RunHour.read(text)
    except LayoutError as error:
        raise ArgumentTypeError(str(error)) from error


def _share(text: str) -> float:
    share = _float(text)
    if not 0 < share <= 1:
        raise ArgumentTypeError(f"{text} is not above 0 and at most 1")
    return share


def _gamma(text: str) -> str | float:
    if text in GAMMA_RULES:
        return text
    return _positive(text)


def _positive(text: str) -> float:
    number = _float(text)
    if not 0 < number < float("inf"):
        raise ArgumentTypeError(f"{text} is not above 0")
    return number


def _finite(text: str) -> float:
    number = _float(text)
    if not abs(number) < float("inf"):
        raise ArgumentTypeError(f"{text} is not finite")
    return number


def _degree(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_DEGREE:
        raise ArgumentTypeError(f"{text!r} is not a whole number from 1 to {MOST_DEGREE}")
    return int(text)


def _rows(text: str) -> int:
    if not text.isdecimal() or int(text) < 2:  # noqa: PLR2004  # one reading has no spread to learn from
        raise ArgumentTypeError(f"{text!r} is not a whole number of 2 or more")
    return int(text)


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a number") from None  # the cause adds nothing
