"""Texts of Airflow's and the Azure SDK's enumerations. Pure."""

from __future__ import annotations


def enum_text(value: object) -> str:
    """Return the value of a member of an enumeration of texts, whose ``str`` is not its value in all of them.

    What is no member is returned as text: Airflow and the SDK leave values that they do not know as they are.

    :return: empty for None
    """
    return "" if value is None else str(getattr(value, "value", value))
