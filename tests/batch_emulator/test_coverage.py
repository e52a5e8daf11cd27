"""The README's table of operations is true."""

from __future__ import annotations

from azure_batch_emulator.coverage import END, README, START, renewed


def test_table_is_current() -> None:
    """It equals what the route table generates."""
    text = README.read_text(encoding="utf-8")
    assert text.count(START) == text.count(END) == 1
    assert renewed(text) == text
