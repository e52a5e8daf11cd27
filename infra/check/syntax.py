"""Reads Bicep into a tree: tree-sitter's, in which every node knows its line."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

import tree_sitter_bicep
from tree_sitter import Language, Node, Parser

from infra.check.errors import TemplateFault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\r": "\r"}


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_bicep.language()))


@lru_cache(maxsize=256)
def parse(text: str, name: str) -> Node:
    """Parse a file.

    :param name: of the file, for sentences
    :raises TemplateFault: at the first place that is no Bicep
    """
    tree = _parser().parse(text.encode())
    for node in nodes_of(tree.root_node) if tree.root_node.has_error else ():
        if node.is_error or node.is_missing:
            found = text_of(node).split("\n")[0]
            raise TemplateFault(place_of(node, name), f"no Bicep at {found!r}")
    return tree.root_node


def parse_file(file: Path) -> Node:
    """Parse a file.

    :raises TemplateFault: if it is not there, or no Bicep
    """
    try:
        text = file.read_text()
    except FileNotFoundError as error:
        raise TemplateFault(file.name, "there is no such file") from error
    return parse(text, file.name)


def nodes_of(node: Node) -> Iterator[Node]:
    """Yield a node and all below it, in the order of the text."""
    yield node
    for child in node.children:
        yield from nodes_of(child)


def place_of(node: Node, name: str) -> str:
    """Return file and line of a node."""
    return f"{name}:{node.start_point.row + 1}"


def text_of(node: Node) -> str:
    """Return the text of a node."""
    return (node.text or b"").decode()


def named(node: Node) -> list[Node]:
    """Return what a node consists of, without punctuation and comments."""
    return [child for child in node.named_children if child.type not in {"comment", "diagnostic_comment"}]


def plain_string(node: Node) -> str | None:
    """Return the value of a string without interpolation; None if a node is none."""
    if node.type != "string" or any(child.type == "interpolation" for child in node.children):
        return None
    return "".join(piece_of(child) for child in node.named_children)


def piece_of(node: Node) -> str:
    """Return what a part of a string stands for that is no interpolation."""
    text = text_of(node)
    return _ESCAPES.get(text, text[1:]) if node.type == "escape_sequence" else text


def properties_of(node: Node) -> dict[str, Node]:
    """Return the values of an object's properties."""
    found = {}
    for child in named(node):
        key, value = named(child)
        found[plain_string(key) or text_of(key)] = value
    return found
