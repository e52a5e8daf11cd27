"""Azure Batch for Airflow: hook, operators, trigger, jobs, pools and autoscale. It knows no sensor."""

from __future__ import annotations
