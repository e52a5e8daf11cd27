"""Ids of the hourly DAG and of its tasks that others ask about. Every Airflow process imports this."""

from __future__ import annotations

DAG_ID = "hourly_scoring"
SCORE, VERDICT = "score", "verdict"
NOTE = "note"
"""XCom of ``verdict`` that becomes the note of the run."""
