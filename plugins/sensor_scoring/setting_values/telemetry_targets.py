"""Where traces and metrics go: the setting ``TELEMETRY``, read. Pure; who sends is ``telemetry/sending.py``.

Words with blanks between them, each a target::

    otlp                    any OpenTelemetry collector, at the address in the connection otlp_default
    application-insights    by the connection string in the connection application_insights_default
    otlp:collector          likewise, in the connection collector
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sensor_scoring.errors import SettingsError


class TargetKind(StrEnum):
    """Kinds of targets."""

    OTLP = "otlp"
    APPLICATION_INSIGHTS = "application-insights"


@dataclass(frozen=True, slots=True)
class Target:
    """One place to send to."""

    kind: TargetKind
    conn_id: str
    """Airflow's connection with its address."""

    def __str__(self) -> str:
        return f"{self.kind}:{self.conn_id}"


def targets_of(text: str) -> tuple[Target, ...]:
    """Read the setting.

    :raises SettingsError: naming the word that cannot be a target, or that is there twice
    """
    targets = tuple(map(_target, text.split()))
    if len(set(targets)) != len(targets):
        raise SettingsError(f"{text!r} names a target twice: everything would be counted twice there")
    return targets


def _target(word: str) -> Target:
    kind, colon, conn_id = word.partition(":")
    if kind not in set(TargetKind) or (colon and not conn_id):
        kinds = " or ".join(f"{kind}[:CONNECTION]" for kind in TargetKind)
        raise SettingsError(f"{word!r} is no target of telemetry: {kinds}")
    return Target(TargetKind(kind), conn_id or f"{kind.replace('-', '_')}_default")
