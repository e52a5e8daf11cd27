"""The program inside the scoring image: scores the sensors of a manifest, trains models for a fleet.

It depends on the contract (``scoring_contract``), numpy and Blob Storage, never on Airflow or Azure Batch.
Scoring imports numpy and obstore only, plus orjson for many readings; only training and models of
scikit-learn import pandas and scikit-learn.

This folder holds what all commands share: addresses, storage, errors and console output. The packages, and
their allowed imports:

- ``readings``: files of readings, as tables; imports none of the others
- ``models``: model files and their predictions; imports ``readings``
- ``scoring`` and ``training``: one command each; import these two
- ``models_command``: the registry's command line; imports ``models``, ``training`` and ``readings``
"""

from __future__ import annotations
