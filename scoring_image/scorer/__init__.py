"""The program inside the scoring image: scores sensors for one order, trains models for a fleet.

It knows the contract (``scoring_contract``), numbers and Blob Storage, and neither Airflow nor Azure Batch.
Scoring imports numpy and obstore only, and orjson for many readings; pandas and scikit-learn are touched by
training alone.

What both need lies here: addresses, storage, errors and what is printed. The packages, and which of them may
import which others:

- ``readings``: files of readings, as tables; imports none of the others
- ``models``: model files and what they predict; imports ``readings``
- ``scoring`` and ``training``: one command each; import these two
- ``models_command``: the registry for people; imports ``models``, ``training`` and ``readings``
"""

from __future__ import annotations
