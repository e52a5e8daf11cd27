"""The job's settings as they are deployed: inputs, outputs with their paths and formats, policies."""

from __future__ import annotations
