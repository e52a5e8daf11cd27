"""Rules: what says how an attempt ends when nothing is really run, and where a rule is found by name.

A rule is called once for an attempt, on one of several threads, with its ``AttemptSpec``: command line,
environment, folders, image. It may do what the command would have done.
"""

from __future__ import annotations

import importlib
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from azure_batch_emulator.errors import BadSetting
from azure_batch_emulator.runner.interface import AttemptSpec


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ends, and when."""

    exit_code: int = 0
    seconds: float = 0.0
    """How long the attempt lasts from its start, by the emulator's clock."""
    stdout: str = ""
    stderr: str = ""
    is_lost: bool = False
    """Whether the attempt vanishes, as with its node; its task is then active again."""

    def __post_init__(self) -> None:
        if not 0 <= self.seconds < math.inf:
            raise ValueError(f"an attempt cannot last {self.seconds} seconds")

    @classmethod
    def lost(cls, *, seconds: float = 0.0) -> Outcome:
        """Make the end of an attempt that vanishes; it is made again until the rule says otherwise."""
        return cls(seconds=seconds, is_lost=True)


Rule = Callable[[AttemptSpec], "int | Outcome"]
"""Returns an exit code for an attempt that ends at once, or an outcome."""


def succeed(_spec: AttemptSpec) -> int:
    """End every attempt well, at once."""
    return 0


def fail(spec: AttemptSpec) -> Outcome:
    """End every attempt badly, at once, with a word about it."""
    return Outcome(1, stderr=f"made to fail: {spec.command_line}\n")


def rule_named(text: str) -> Rule:
    """Find a rule by ``MODULE:CALLABLE``; the module may lie in the current directory.

    :raises BadSetting: if there is no such thing
    """
    module_name, _, name = text.partition(":")
    if not module_name or not name:
        raise BadSetting(f"--rule takes MODULE:CALLABLE, not {text!r}")
    if str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))
    try:
        rule = getattr(importlib.import_module(module_name), name)
    except Exception as problem:
        reason = " ".join(f"{type(problem).__name__}: {problem}".split())
        raise BadSetting(f"--rule {text} cannot be had ({reason})") from problem
    if not callable(rule):
        raise BadSetting(f"--rule {text} is no callable but a {type(rule).__name__}")
    found: Rule = rule
    return found
