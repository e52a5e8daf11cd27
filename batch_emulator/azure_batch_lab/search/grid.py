"""All members of families of policies that a person wants compared."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from azure_batch_lab.errors import BadInput
from azure_batch_lab.search.policies import FAMILIES
from azure_batch_lab.simulation.simulator import Policy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from azure_batch_lab.simulation.simulator import Cluster

MOST_POINTS = 5_000


@dataclass(frozen=True, slots=True)
class Point:
    """One member of the grid."""

    family: str
    numbers: tuple[tuple[str, int], ...]
    """Those that are varied, as given."""
    policy: Policy
    cluster: Cluster


def parse_variation(text: str) -> tuple[str, tuple[int, ...]]:
    """Read ``name=1,2,4``.

    :raises BadInput: if it is no such thing
    """
    name, _, values = text.partition("=")
    try:
        numbers = tuple(int(value) for value in values.split(","))
    except ValueError:
        raise BadInput(f"{text!r} is not a variation such as max=4,8") from None
    return name.strip(), tuple(dict.fromkeys(numbers))


def grid(
    families: Sequence[str], variations: Mapping[str, Sequence[int]], cluster: Cluster
) -> tuple[Point, ...]:
    """List the members; of those whose formula and nodes are the same, the first.

    :raises BadInput: for a family or a name that nobody knows, or more members than anybody waits for
    """
    _check(families, variations)
    found: dict[tuple[str, int], Point] = {}
    for name in families:
        for numbers in _members(name, variations):
            point = _point(name, numbers, cluster)
            found.setdefault((point.policy.formula, point.cluster.slots), point)
    if len(found) > MOST_POINTS:
        raise BadInput(f"{len(found):,} policies are more than {MOST_POINTS:,}")
    return tuple(found.values())


def _check(families: Sequence[str], variations: Mapping[str, Sequence[int]]) -> None:
    for name in families:
        if name not in FAMILIES:
            raise BadInput(f"there is no policy {name!r}: {', '.join(FAMILIES)} are")
    known = {number for name in families for number in FAMILIES[name].defaults}
    for name in variations:
        if name not in known:
            raise BadInput(f"{', '.join(families)} cannot vary in {name!r}: {', '.join(sorted(known))}")


def _members(name: str, variations: Mapping[str, Sequence[int]]) -> Iterable[dict[str, int]]:
    own = {number: values for number, values in variations.items() if number in FAMILIES[name].defaults}
    for values in itertools.product(*own.values()):
        numbers = dict(zip(own, values, strict=True))
        if numbers.get("min", 0) <= numbers.get("max", FAMILIES[name].defaults.get("max", 0)):
            yield numbers


def _point(name: str, numbers: Mapping[str, int], cluster: Cluster) -> Point:
    family = FAMILIES[name]
    settled = family.settled({"slots": cluster.slots, **numbers})
    title = " ".join([name, *(f"{number}={value}" for number, value in numbers.items())])
    policy = Policy(title, family.formula(settled))
    return Point(name, tuple(numbers.items()), policy, replace(cluster, slots=settled["slots"]))
