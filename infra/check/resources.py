"""Resources and modules of a template, with what expressions may ask of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from infra.check.answers import Answer
from infra.check.functions import GROUP

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from infra.check.resource_types import ResourceType


class Deployed(Protocol):
    """A template with parameters."""

    @property
    def outputs(self) -> Mapping[str, Callable[[], Any]]:
        """What works out each output."""

    def resources(self) -> Iterator[Resource]:
        """Yield all resources that are made."""


@dataclass(frozen=True)
class Resource:
    """A resource of a template.

    :param place: where it is declared
    :param links: its name, its parent and its scope
    :param work_out: works out its body
    """

    symbol: str
    place: str
    kind: ResourceType
    api_version: str
    links: Mapping[str, Any]
    work_out: Callable[[], dict[str, Any]]
    is_deployed: bool = True

    @cached_property
    def body(self) -> dict[str, Any]:
        """What is sent, but for name and place."""
        return self.work_out()

    @property
    def names(self) -> tuple[str, ...]:
        """Its name after those of its parents."""
        parent = self.links.get("parent")
        return (*(parent.names if parent else ()), *str(self.links["name"]).split("/"))

    @property
    def id(self) -> str:
        """Its resource id."""
        namespace, *kinds = self.kind.name.split("/")
        path = "/".join(part for pair in zip(kinds, self.names, strict=True) for part in pair)
        scope = self.links.get("scope")
        return f"{scope.id if scope else GROUP}/providers/{namespace}/{path}"

    def part_of(self, key: str) -> tuple[Any, bool]:
        """Return a part, and whether it is known only when the resource is there.

        :raises LookupError: if there is none
        """
        if not self.is_deployed:
            raise LookupError(f"{self.symbol} is not deployed with these parameters")
        if key in {"id", "name"}:
            return (self.id if key == "id" else self.names[-1]), False
        return Answer(self.symbol, self.kind.answer).part_of(key)[0], True


@dataclass(frozen=True)
class Module:
    """A template inside another one."""

    symbol: str
    deployment: Deployed | None
    """None if it is not deployed."""

    def part_of(self, key: str) -> tuple[Any, bool]:
        """Return its outputs.

        :raises LookupError: for anything else
        """
        if self.deployment is None or key != "outputs":
            raise LookupError(f"{self.symbol} has no {key} with these parameters")
        return Outputs(self.symbol, self.deployment.outputs), False


@dataclass(frozen=True)
class Outputs:
    """The outputs of a module."""

    module: str
    values: Mapping[str, Callable[[], Any]]

    def part_of(self, key: str) -> tuple[Any, bool]:
        """Return an output, which is known when the module is deployed.

        :raises LookupError: if there is none of this name
        """
        if key not in self.values:
            raise LookupError(f"the module {self.module} has no output {key}")
        return self.values[key](), True
