"""The parameters of the training DAG that say how to fit."""

from __future__ import annotations

from dataclasses import Field, fields
from typing import TYPE_CHECKING, Any

from airflow.sdk import Param

from scoring_contract.errors import OptionError
from scoring_contract.fit_options import FitOptions, help_of, kind_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_WORDS = "fit_options"
"""Parameter of former versions: options as words of the scorer's command line."""


def fit_params() -> dict[str, Param]:
    """Return a parameter for each option of a fit; its form refuses what the scorer would refuse."""
    return {entry.name: _param(entry) for entry in fields(FitOptions)}


def fit_options(params: Mapping[str, Any]) -> FitOptions:
    """Return the options that a run was given.

    :raises OptionError: naming the option that may not be what it is
    """
    if params.get(_WORDS):
        raise OptionError(_WORDS, "is gone: each option has a parameter of its own, such as kernel or degree")
    names = {entry.name for entry in fields(FitOptions)}
    given = {name: value for name, value in params.items() if name in names and value is not None}
    return FitOptions.of(given)


def _param(entry: Field[Any]) -> Param:
    default, meaning = entry.default, help_of(entry)
    return Param(
        list(default) if isinstance(default, tuple) else default,
        description=meaning[0].upper() + meaning[1:],
        **kind_of(entry).schema,
    )
