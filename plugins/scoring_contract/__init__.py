"""The contract between the orchestrator and the scoring image: blob names, messages and the command line.

Standard library only: the image ships this package without Airflow, and Airflow imports it without numpy.
Each message has one module for both directions, so that one place checks ``from_json(to_json(x)) == x``;
golden files in ``tests/scoring_contract/golden`` pin the wire format for both sides.

``CONTRACT_VERSION`` changes only when an older reader would misunderstand a newer writer.
"""

from __future__ import annotations

CONTRACT_VERSION = 2
"""Version of all messages and the command line; readers refuse any other."""
