"""Converts docstrings, which use reStructuredText, to the Markdown of the site's pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import griffe

if TYPE_CHECKING:
    import ast

_ROLE = re.compile(r":[a-z]+:`~?([^`]+)`")
_LITERAL = re.compile(r"::(?=\n\n)")


class RstRoles(griffe.Extension):
    """Turns the roles of reStructuredText into plain code, and ``::`` before a block into a colon."""

    def on_instance(self, *, node: ast.AST | griffe.ObjectNode, obj: griffe.Object, **kwargs: Any) -> None:  # noqa: ARG002  griffe passes them by name
        """Rewrite the docstring of an object."""
        if obj.docstring:
            obj.docstring.value = _LITERAL.sub(":", _ROLE.sub(r"`\1`", obj.docstring.value))
