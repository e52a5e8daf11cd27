"""Trace context of an order, in the form of W3C: the trace that the work belongs to, and its parent span.

https://www.w3.org/TR/trace-context/#traceparent-header
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scoring_contract.json_message import Node

_TRACEPARENT = re.compile(r"00-(?!0{32})(?P<trace>[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII)


def traceparent(trace: str, span: str) -> str:
    """Write the context of work that a span of a trace has asked for, and whose spans are wanted.

    :param trace: 32 hex digits
    :param span: 16 hex digits

    >>> traceparent("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")
    '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    """
    return f"00-{trace}-{span}-01"


def trace_of(context: str) -> str:
    """Return the trace that a context names; empty if it names none."""
    found = _TRACEPARENT.fullmatch(context)
    return found["trace"] if found else ""


def traceparent_at(node: Node) -> str:
    """Parse the trace context in any message; empty if work is not traced."""
    if node.is_absent or node.value == "":
        return ""
    if not trace_of(context := node.text()):
        raise node.wrong("is no traceparent of W3C Trace Context, version 00")
    return context
