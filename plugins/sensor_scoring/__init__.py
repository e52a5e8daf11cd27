"""All of the product that knows Airflow or Azure Batch.

Importing this package, and any module in it, starts nothing and reads no environment: Azure clients are
imported by the functions that need them, because Airflow parses DAG files far more often than it runs them.
"""

from __future__ import annotations
