"""The parameters of the training DAG, and the options that they give."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from airflow.sdk.exceptions import ParamValidationError

from scoring_contract.errors import OptionError
from scoring_contract.fit_options import FitOptions
from sensor_scoring.training.fit_params import fit_options, fit_params


def test_a_run_that_asks_for_nothing_fits_with_the_defaults() -> None:
    """Every option has a parameter, and the form shows the scorer's own defaults."""
    params = fit_params()
    assert list(params) == [entry.name for entry in fields(FitOptions)]
    assert fit_options({name: param.resolve() for name, param in params.items()}) == FitOptions()


@pytest.mark.parametrize(
    ("name", "wrong", "right"),
    [
        ("nu", (0, 1.5, "x", None), (0.5, 1)),
        ("gamma", (0, None), (0.5, "0.5", "auto")),
        ("min_rows", (1, 2.5), (2,)),
        ("estimator", ("forest",), ("isolation-forest",)),
        ("kernel", ("precomputed",), ("poly",)),
        ("degree", (0, 65), (64,)),
        ("tol", (0,), (0.001,)),
        ("scaler", ("no",), (False,)),
        ("features", ([], ["a", "a"], "Value"), (["Value", "Mean"],)),
    ],
)
def test_the_form_refuses_what_the_scorer_would_refuse(name: str, wrong: Any, right: Any) -> None:
    """Before anything runs; what it lets through becomes the option."""
    for value in wrong:
        with pytest.raises(ParamValidationError):
            fit_params()[name].resolve(value)
    for value in right:
        fit_options({name: fit_params()[name].resolve(value)})


def test_other_parameters_are_none_of_the_fit() -> None:
    """The hours are for the plan."""
    assert fit_options({"from": "2018-08-28T23", "nu": 0.2, "gamma": None}) == FitOptions(nu=0.2)


def test_words_of_a_command_line_are_refused_not_ignored() -> None:
    """A trigger written for a former version must not get models of another kernel than it asks for."""
    with pytest.raises(OptionError, match="fit_options: is gone: each option has a parameter of its own"):
        fit_options({"fit_options": ["--kernel", "poly"]})
    assert fit_options({"fit_options": []}) == FitOptions()
