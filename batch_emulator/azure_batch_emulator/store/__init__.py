"""What outlives the emulator: an account's records in one file of its data folder.

Knows records and settings, and nothing of the service. The file is written before a request is
answered; the operating system has it then, so that it survives the death of the process.
"""

from __future__ import annotations

from azure_batch_emulator.store.store import Store

__all__ = ["Store"]
