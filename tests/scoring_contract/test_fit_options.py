"""Options of a fit: one place says what each may be, for command line, order and form."""

from __future__ import annotations

import math
import pickle
from dataclasses import fields
from typing import Any

import pytest

from scoring_contract import json_message
from scoring_contract.errors import MessageError, OptionError
from scoring_contract.fit_options import FitOptions

WRONG: dict[str, tuple[Any, ...]] = {
    "nu": (0, -0.1, 1.1, math.nan, math.inf, True, None, "half", []),
    "gamma": (0, -1, math.nan, math.inf, "steep", False, None),
    "min_rows": (1, 0, -5, 2.5, "1", "many", True, None),
    "estimator": ("forest", "", None, 1),
    "kernel": ("precomputed", "", None),
    "degree": (0, -1, 65, 2.5, True, None),
    "coef0": (math.nan, math.inf, "x", None, True),
    "tol": (0, -1e-6, math.nan, math.inf, None),
    "scaler": (0, 1, "false", None),
    "features": ((), "Value", ("a", "a"), ("",), (1,), None),
}


@pytest.mark.parametrize("name", [entry.name for entry in fields(FitOptions)])
def test_no_option_takes_what_cannot_be_meant(name: str) -> None:
    """Each new option needs its entry above; the error names option and value, and survives pickling."""
    for value in WRONG[name]:
        with pytest.raises(OptionError, match=f"^{name}: ") as refused:
            FitOptions.of({name: value})
        assert str(pickle.loads(pickle.dumps(refused.value))) == str(refused.value)  # noqa: S301  # our own bytes
        with pytest.raises(OptionError, match=f"^{name}: "):
            FitOptions(**{name: value})


def test_texts_and_whole_numbers_give_the_same_options_as_numbers() -> None:
    """A form and a command line give texts; a model's provenance must not differ by that."""
    expected = FitOptions(nu=1.0, gamma=0.5, min_rows=60, degree=2, coef0=1.0, tol=1.0)
    texts = {"nu": "1", "gamma": "0.5", "min_rows": "60", "degree": "2", "coef0": "1", "tol": "1"}
    numbers = {"nu": 1, "gamma": 0.5, "min_rows": 60, "degree": 2, "coef0": 1, "tol": 1}
    for given in (texts, numbers):
        found = FitOptions.of(given)
        assert found == expected
        assert repr(found) == repr(expected)


def test_an_order_that_names_fewer_options_leaves_the_others_at_their_defaults() -> None:
    """A newer scorer reads an older order: what that did not know had no other value then."""
    root = json_message.parse("order", json_message.render({"options": {"nu": 0.2}}))
    assert FitOptions.from_json(root["options"]) == FitOptions(nu=0.2)


def test_an_unknown_option_is_refused() -> None:
    """An older scorer must not fit without what a newer orchestrator has asked for."""
    root = json_message.parse("order", json_message.render({"options": {"shrinking": False}}))
    with pytest.raises(MessageError, match=r"options\.shrinking: is no option of this version"):
        FitOptions.from_json(root["options"])
