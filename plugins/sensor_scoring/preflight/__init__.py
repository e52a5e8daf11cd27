"""Looks at a deployment and says what is missing, in order, with the command that mends it.

``python -m sensor_scoring.preflight`` for people and pipelines, the DAG ``preflight`` for the web UI.
``checks`` has the order of the checks, the modules beside it what each looks at. They read only, unless told
to try.
"""

from __future__ import annotations
