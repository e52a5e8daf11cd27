"""The program inside the scoring image: scores sensors for one order, trains models for a fleet.

It knows the contract (``scoring_contract``), numbers and Blob Storage, and neither Airflow nor Azure Batch.
Scoring imports numpy and obstore only, and orjson for many readings; pandas and scikit-learn are touched by
training alone.
"""

from __future__ import annotations
