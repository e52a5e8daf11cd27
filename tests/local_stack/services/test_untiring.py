"""Attempts that are repeated until they succeed."""

from __future__ import annotations

from functools import partial

import pytest

from local_stack.services.processes import StackError
from local_stack.services.untiring import Untiring


def fail(error: Exception) -> None:
    """Fail."""
    raise error


def test_an_error_is_said_once_until_it_is_another_or_is_over() -> None:
    """A part that restarts for a minute fills no log."""
    said: list[str] = []
    untiring = Untiring("it fails", say=said.append)
    for why in ("a", "a", "b"):
        untiring.attempt(partial(fail, StackError(why)))
    untiring.attempt(lambda: None)
    untiring.attempt(partial(fail, StackError("b")))
    assert said == ["it fails: a", "it fails: b", "it fails: b"]


def test_a_mistake_of_ours_is_no_trouble_of_a_service() -> None:
    """It ends the owner, whose log shows it."""
    with pytest.raises(ZeroDivisionError):
        Untiring("it fails", say=print).attempt(partial(fail, ZeroDivisionError()))
