"""Works out what a template deploys with given parameters: resources with their bodies, and outputs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from infra.check.arm_template import ArmTemplate
from infra.check.declarations import declarations_of
from infra.check.errors import TemplateFault
from infra.check.expressions import Expressions
from infra.check.functions import functions
from infra.check.parameters import arguments_of
from infra.check.resource_types import RESOURCE_TYPES
from infra.check.resources import Module, Resource
from infra.check.syntax import named, parse_file, properties_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tree_sitter import Node

    from infra.check.declarations import Declaration

_LINKS = {"name", "parent", "scope", "dependsOn"}
"""Properties that say where a resource is, not what it is."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What all templates of a deployment share.

    :param branches: takes each condition that was decided, with how
    """

    environ: Mapping[str, str] = field(default_factory=dict)
    branches: set[tuple[str, int, bool]] = field(default_factory=set)


class Deployment:
    """A Bicep file with parameters.

    :param arguments: parameters that are given
    :raises TemplateFault: if it is wrong, or not understood here
    """

    def __init__(self, file: Path, arguments: Mapping[str, Any], scene: Scene) -> None:
        self._file, self._scene = file, scene
        declared = list(declarations_of(parse_file(file), file.name))
        self._declared = {each.name: each for each in declared if each.kind != "output"}
        self._outputs = [each for each in declared if each.kind == "output"]
        self._values: dict[str, Any] = {}
        self._open: list[str] = []
        self._expressions = Expressions(
            file.name, self._known, functions(file.parent, scene.environ), scene.branches
        )
        self._values.update(arguments_of(self._of("parameter"), arguments, self._expressions, file.name))

    @property
    def outputs(self) -> dict[str, Callable[[], Any]]:
        """What works out each output."""
        return {each.name: self._output(each) for each in self._outputs}

    def _output(self, declared: Declaration) -> Callable[[], Any]:
        return lambda: self._expressions.value(declared.value)

    def resources(self) -> Iterator[Resource]:
        """Yield all resources, those of modules too, that are made with these parameters."""
        for each in self._of("resource"):
            found = self._known(each.name)
            many = found if isinstance(found, list) else [found]
            yield from (one for one in many if one.is_deployed and not each.is_existing)
        for each in self._of("module"):
            module = self._known(each.name)
            if module.deployment is not None:
                yield from module.deployment.resources()

    def _of(self, kind: str) -> list[Declaration]:
        return [each for each in self._declared.values() if each.kind == kind]

    def _known(self, name: str) -> Any:
        """Return the value of a name, which is worked out when it is first asked for."""
        if name not in self._values:
            declared = self._declared[name]
            if name in self._open:
                raise TemplateFault(declared.place, f"{name} needs itself")
            self._open.append(name)
            try:
                with self._expressions.only({}):
                    if declared.kind == "variable":
                        # Not kept: what may stand in it depends on who asks.
                        return self._expressions.value(declared.value)
                    with self._expressions.at_start(is_start=False):
                        self._values[name] = self._worked_out(declared)
            finally:
                self._open.pop()
        return self._values[name]

    def _worked_out(self, declared: Declaration) -> Any:
        if declared.value.type == "for_statement":
            bodies = self._expressions.repeat(declared.value)
            return [self._made(declared, body) for body in bodies]
        return self._made(declared, declared.value)

    def _made(self, declared: Declaration, node: Node) -> Resource | Module:
        is_deployed = True
        if node.type == "if_statement":
            condition, node = named(node)
            is_deployed = self._expressions.decide(named(condition)[0])
        make = self._resource if declared.kind == "resource" else self._module
        return make(declared, node, is_deployed=is_deployed)

    def _resource(self, declared: Declaration, node: Node, *, is_deployed: bool) -> Resource:
        name, _, version = declared.target.partition("@")
        kind = RESOURCE_TYPES.get(name)
        if kind is None:
            raise TemplateFault(declared.place, f"the type {name} is not checked here")
        properties, locals_ = properties_of(node), self._expressions.locals
        if "name" not in properties:
            raise TemplateFault(declared.place, f"{declared.name} has no name")
        with self._expressions.at_start():
            links: dict[str, Any] = {
                key: self._expressions.value(properties[key])
                for key in ("name", "parent", "scope")
                if key in properties
            }

        def body() -> dict[str, Any]:
            with self._expressions.only(locals_):
                return {
                    key: self._expressions.value(value)
                    for key, value in properties.items()
                    if key not in _LINKS
                }

        return Resource(declared.name, declared.place, kind, version, links, body, is_deployed)

    def _module(self, declared: Declaration, node: Node, *, is_deployed: bool) -> Module:
        if not is_deployed:
            return Module(declared.name, None)
        properties = properties_of(node)
        given = self._expressions.value(properties["params"]) if "params" in properties else {}
        file = self._file.parent / declared.target
        try:
            if file.suffix == ".json":
                return Module(declared.name, ArmTemplate(file, given))
            return Module(declared.name, Deployment(file, given, self._scene))
        except TemplateFault as fault:
            raise TemplateFault(f"{declared.place}, {fault.place}", fault.what) from fault
