"""What the orchestrator and the scoring image agree on, and nothing else.

Standard library only: the image ships this package without Airflow, and Airflow imports it without numpy.
Each message has one module that holds both directions, so that ``from_json(to_json(x)) == x`` is checked in
one place; golden files in ``tests/scoring_contract/golden`` pin the wire form for both sides.

``CONTRACT_VERSION`` changes only when an older reader would misunderstand a newer writer.
"""

from __future__ import annotations

CONTRACT_VERSION = 2
"""Version of manifest, report and command line; a reader refuses any other."""
