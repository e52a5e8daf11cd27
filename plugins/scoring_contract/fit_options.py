"""Options of a fit: estimator and hyperparameters, each with its default, what it may be, and its help.

The command line of ``scorer train``, the training order and the parameters of the training DAG are all made
from these fields.
"""

from __future__ import annotations

from dataclasses import Field, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Self, TypeVar

from scoring_contract.errors import OptionError
from scoring_contract.limits import MOST_DEGREE
from scoring_contract.option_kinds import Choice, Names, Number, Switch, Whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoring_contract.json_message import Node
    from scoring_contract.option_kinds import Kind

_T = TypeVar("_T")


def option(default: _T, kind: Kind, meaning: str) -> _T:
    """Return a field with its default, what it may be, and its help for command line and form."""
    return field(default=default, metadata={"kind": kind, "help": meaning})


@dataclass(frozen=True, slots=True, kw_only=True)
class FitOptions:
    """How to fit the model of each sensor.

    :raises OptionError: naming the option that may not be what it is
    """

    nu: float = option(
        0.01,
        Number(above=0, most=1),
        "upper bound of the share of training readings that the model labels anomalies: above 0, at most 1",
    )
    gamma: str | float = option(
        "scale",
        Number(above=0, words=("scale", "auto")),
        "kernel coefficient: scale, auto, or a number above 0",
    )
    min_rows: int = option(30, Whole(2), "readings that a sensor must have to be trained, 2 or more")
    estimator: str = option(
        "ocsvm",
        Choice(("ocsvm", "isolation-forest")),
        "estimator; of the other options, only nu, min-rows and features apply to isolation-forest",
    )
    kernel: str = option("rbf", Choice(("rbf", "linear", "poly", "sigmoid")), "kernel of the ocsvm")
    degree: int = option(3, Whole(1, MOST_DEGREE), "degree of the poly kernel")
    coef0: float = option(0.0, Number(), "coef0 of the poly and sigmoid kernels")
    tol: float = option(1e-6, Number(above=0), "tolerance at which the ocsvm's solver stops")
    """With scikit-learn's default of 1e-3 a small nu is inaccurate: at a nu of 0.01, 3.3 % of the training
    readings of the reference data become anomalies; with 1e-6 it is 1.1 %, and half as many support
    vectors."""
    scaler: bool = option(True, Switch(), "whether to scale readings to mean 0 and variance 1 first")
    features: tuple[str, ...] = option(("Value",), Names(), "numeric columns of the readings to train on")

    def __post_init__(self) -> None:
        for entry in fields(self):
            value = _read(entry, getattr(self, entry.name))
            object.__setattr__(self, entry.name, value)  # the way of frozen dataclasses

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Read options from JSON values or the texts of a command line; the others have their defaults.

        :raises OptionError: naming the option that is unknown, or may not be what it is
        """
        if unknown := sorted(values.keys() - {entry.name for entry in fields(cls)}):
            raise OptionError(unknown[0], "is no option of this version")
        return cls(**values)

    def to_json(self) -> dict[str, Any]:
        """Return the wire form: every option, also those that have their defaults."""
        values = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        return {**values, "features": list(self.features)}

    @classmethod
    def from_json(cls, node: Node) -> Self:
        """Read the wire form.

        :raises MessageError: naming the invalid option
        """
        try:
            return cls.of({name: option.value for name, option in node.items()})
        except OptionError as error:
            raise node[error.option].wrong(error.problem) from error


def kind_of(entry: Field[Any]) -> Kind:
    """Return what an option may be."""
    kind: Kind = entry.metadata["kind"]
    return kind


def help_of(entry: Field[Any]) -> str:
    """Return the help of an option, for command line and form."""
    return str(entry.metadata["help"])


def _read(entry: Field[Any], value: Any) -> Any:
    try:
        return kind_of(entry).read(value)
    except ValueError as error:
        raise OptionError(entry.name, str(error)) from error
