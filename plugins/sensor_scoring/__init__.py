"""All of the product that knows Airflow or Azure Batch.

What all of it needs lies here: settings, errors, roles, what Airflow retries. The packages, and which of them
may import which others:

- ``setting_values``: the grammar of settings; ``blob_storage``: the storage account; all others import both
- ``azure_batch``: Azure Batch for Airflow; knows no sensor and imports none of the others
- ``telemetry``: traces and metrics, and who sends them; knows no run and imports none of the others
- ``hourly``: the run that scores an hour; imports these two
- ``training``, ``alerts``: import ``azure_batch`` and ``hourly``; ``upkeep`` imports ``telemetry`` too
- ``missing_hours``, ``fleet``, ``pool_watch``: import ``alerts`` beside these, for its digest and history
- ``preflight``: imports these three, too, to look at what they need
- ``sensors``: imports ``training``, whose summaries it reads
- ``ui``: imports all of these but ``training``, ``upkeep``, ``pool_watch``, ``preflight`` and ``telemetry``

Importing this package, and any module in it, starts nothing and reads no environment: Azure clients are
imported by the functions that need them, because Airflow parses DAG files far more often than it runs them.
"""

from __future__ import annotations
