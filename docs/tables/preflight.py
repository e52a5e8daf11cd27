"""Table of the preflight's checks."""

from __future__ import annotations

_WHEN = {False: "always", True: "with `TRY=1`"}


def checks_table() -> str:
    """Return a row for each check, in their order."""
    from sensor_scoring.preflight.checks import CHECKS  # noqa: PLC0415  it imports Airflow

    rows = [
        f"| {check.name} | {_sentence(check.look.__doc__)} | {_WHEN[check.is_trial]} |" for check in CHECKS
    ]
    return "\n".join(("| check | what it does | made |", "|---|---|---|", *rows))


def _sentence(docstring: str | None) -> str:
    return (docstring or "").partition("\n")[0]
