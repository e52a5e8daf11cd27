"""The review of a formula: what the service would refuse, and what a reviewer would ask about."""

from __future__ import annotations

from azure_batch_lab.review.finding import Finding, Severity
from azure_batch_lab.review.review import Review

__all__ = ["Finding", "Review", "Severity"]
