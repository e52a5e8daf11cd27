"""Names of a Bicep file: those that nobody declares, and those that nobody uses."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from infra.check.declarations import declarations_of
from infra.check.syntax import named, nodes_of, parse_file, place_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tree_sitter import Node

_TYPES = {"type", "primitive_type"}


def name_faults(file: Path) -> list[str]:
    """Say which names are not declared, and which are declared for nothing, a sentence each."""
    root = parse_file(file)
    declared = {each.name: each for each in declarations_of(root, file.name) if each.kind != "output"}
    uses = list(_uses(root))
    loops = {
        text_of(name) for node in nodes_of(root) if node.type == "for_statement" for name in _loop_names(node)
    }
    faults = [
        f"{place_of(node, file.name)}: nobody declares {text_of(node)}"
        for node in uses
        if text_of(node) not in declared and text_of(node) not in loops
    ]
    counts = Counter(text_of(node) for node in uses)
    faults += [
        f"{each.place}: nobody uses {each.kind} {each.name}"
        for each in declared.values()
        if not counts[each.name] and (each.kind in {"parameter", "variable"} or each.is_existing)
    ]
    return faults + list(_output_faults(root, file))


def _uses(node: Node) -> Iterator[Node]:
    """Yield the identifiers of expressions that stand for a value."""
    children = named(node)
    if node.type == "identifier":
        yield node
        return
    if node.type.endswith("_declaration") or node.type in {"object_property", "call_expression"}:
        # What is declared, a key, or a function; a key can be an expression, too.
        children = children[1:] if children[0].type == "identifier" else children
    if node.type == "for_statement":
        children = children[-2:]
    for child in children:
        if child.type not in _TYPES and child.type != "property_identifier":
            yield from _uses(child)


def _loop_names(node: Node) -> list[Node]:
    first = named(node)[0]
    return named(first) if first.type == "for_loop_parameters" else [first]


def _output_faults(root: Node, file: Path) -> Iterator[str]:
    """Yield the outputs of modules that the file does not use."""
    texts = text_of(root).replace("!.", ".")
    for each in declarations_of(root, file.name):
        module = file.parent / each.target if each.kind == "module" else None
        if module is None or module.suffix == ".json":
            continue
        for output in declarations_of(parse_file(module), module.name):
            used = re.search(rf"\b{each.name}\.outputs\.{output.name}\b", texts)
            if output.kind == "output" and not used:
                yield f"{output.place}: nobody uses output {output.name}"
