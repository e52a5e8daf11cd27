"""The whole system on one machine: Azurite, the Batch emulator and Airflow, started, used and stopped."""

from __future__ import annotations
