"""The parameter of a DAG that asks a person for an hour."""

from __future__ import annotations

from airflow.sdk import Param

from scoring_contract.hour_text import HOUR_PATTERN


def hour_param(description: str) -> Param:
    """Return a parameter for an hour in every form that is read, or for none.

    :param description: what the form says beneath the field
    """
    return Param(None, type=["null", "string"], pattern=HOUR_PATTERN, description=description)
