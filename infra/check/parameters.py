"""Parameters: what a template declares, and what is given."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from infra.check.declarations import declarations_of
from infra.check.errors import TemplateFault
from infra.check.expressions import Expressions
from infra.check.functions import functions
from infra.check.kinds import Unknown
from infra.check.syntax import named, parse, plain_string, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from infra.check.declarations import Declaration

_TYPES: dict[str, type] = {"string": str, "int": int, "bool": bool, "array": list, "object": dict}


def read_parameters(file: Path, environ: Mapping[str, str]) -> tuple[Path, dict[str, Any]]:
    """Read a file of parameters.

    :return: the template that it is for, and the parameters
    :raises TemplateFault: if it is no such file
    """
    # The grammar knows no parameter files; without a type, a parameter there reads as a variable does here.
    text = re.sub(r"^param (?=\w+ =)", "var   ", file.read_text(), flags=re.MULTILINE)
    root = parse(text, file.name)
    using = [plain_string(named(node)[0]) for node in named(root) if node.type == "using_statement"]
    if len(using) != 1 or using[0] is None:
        raise TemplateFault(f"{file.name}:1", "it does not say for which template it is")
    values: dict[str, Any] = {}
    expressions = Expressions(file.name, values.__getitem__, functions(file.parent, environ), set())
    for each in declarations_of(root, file.name):
        values[each.name] = expressions.value(each.value)
    return file.parent / using[0], values


def arguments_of(
    declared: list[Declaration], given: Mapping[str, Any], expressions: Expressions, file: str
) -> dict[str, Any]:
    """Return the value of each parameter.

    :raises TemplateFault: for a parameter that nobody declares, one that is not given, or one of another type
    """
    unknown = set(given) - {each.name for each in declared}
    if unknown:
        raise TemplateFault(file, f"nobody declares the parameter {', '.join(sorted(unknown))}")
    missing = [each.name for each in declared if each.default is None and each.name not in given]
    if missing:
        raise TemplateFault(file, f"the parameter {', '.join(missing)} is not given")
    values = {}
    for each in declared:
        value = given[each.name] if each.name in given else expressions.value(each.value)
        _check(each, value, expressions)
        values[each.name] = value
    return values


def _check(declared: Declaration, value: Any, expressions: Expressions) -> None:
    """Compare a value with type and decorators.

    :raises TemplateFault: if it does not fit
    """
    name, wanted = declared.name, text_of(declared.type) if declared.type else ""
    if wanted not in _TYPES:
        raise TemplateFault(declared.place, f"the type {wanted} of {name} is not understood here")
    if isinstance(value, Unknown):
        return
    if type(value) is not _TYPES[wanted]:
        raise TemplateFault(declared.place, f"{name} is {value!r}, and no {wanted}")
    limits = {key: expressions.value(nodes[0]) for key, nodes in declared.decorators.items() if nodes}
    if "allowed" in limits and value not in limits["allowed"]:
        raise TemplateFault(declared.place, f"{name} is {value!r}, and none of {limits['allowed']}")
    amount = len(value) if isinstance(value, str | list) else value if wanted == "int" else None
    for low, high in (("minValue", "maxValue"), ("minLength", "maxLength")):
        if amount is not None and not limits.get(low, amount) <= amount <= limits.get(high, amount):
            raise TemplateFault(declared.place, f"{name} is {value!r}, which is out of bounds")
