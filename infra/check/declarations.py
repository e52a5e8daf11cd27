"""What a Bicep file declares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra.check.errors import TemplateFault
from infra.check.syntax import named, place_of, plain_string, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

_KINDS = {"parameter", "variable", "resource", "module", "output"}
_IGNORED = {"target_scope_assignment", "using_statement", "comment", "diagnostic_comment", "decorators"}


@dataclass(frozen=True)
class Declaration:
    """A parameter, a variable, a resource, a module or an output.

    :param kind: one of these words
    :param decorators: arguments of each
    :param type: of a parameter or an output, or the text after the name of a resource or a module; None for a
        variable
    :param default: its value; None for a parameter that must be given
    """

    kind: str
    name: str
    place: str
    decorators: dict[str, list[Node]]
    type: Node | None
    default: Node | None
    is_existing: bool

    @property
    def target(self) -> str:
        """Type and API version of a resource, or the file of a module."""
        return (plain_string(self.type) if self.type else None) or ""

    @property
    def value(self) -> Node:
        """Its value.

        :raises TemplateFault: if it has none
        """
        if self.default is None:
            raise TemplateFault(self.place, f"{self.name} has no value")
        return self.default


def declarations_of(root: Node, file: str) -> Iterator[Declaration]:
    """Yield the declarations of a file.

    :raises TemplateFault: for what is not understood here, and for a name that is declared twice
    """
    decorators: dict[str, list[Node]] = {}
    seen = set()
    for node in named(root):
        if node.type == "decorators":
            decorators = dict(_decorator(each) for each in named(node))
            continue
        kind = node.type.removesuffix("_declaration")
        if kind in _KINDS:
            found = _declaration(kind, node, file, decorators)
            # An output may have the name of what it tells.
            if (kind == "output", found.name) in seen:
                raise TemplateFault(found.place, f"{found.name} is declared twice")
            seen.add((kind == "output", found.name))
            yield found
        elif node.type not in _IGNORED:
            raise TemplateFault(place_of(node, file), f"{node.type} is not understood here")
        decorators = {}


def _decorator(node: Node) -> tuple[str, list[Node]]:
    (call,) = named(node)
    name, arguments = named(call)
    return text_of(name), named(arguments)


def _declaration(kind: str, node: Node, file: str, decorators: dict[str, list[Node]]) -> Declaration:
    name, *rest = named(node)
    kind_node = None if kind == "variable" else rest.pop(0)
    return Declaration(
        kind,
        text_of(name),
        place_of(node, file),
        decorators,
        kind_node,
        rest[0] if rest else None,
        is_existing=any(child.type == "existing" for child in node.children),
    )
