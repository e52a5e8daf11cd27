"""Which hubs there are, in the words of Microsoft's own emulator: its ``Config.json`` is read as it is.

https://learn.microsoft.com/en-us/azure/event-hubs/test-locally-with-event-hub-emulator
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azure_event_hubs_emulator.errors import BadSetting

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT_GROUP = "$Default"
MOST_PARTITIONS = 32
"""https://learn.microsoft.com/en-us/azure/event-hubs/compare-tiers, below the dedicated tier."""
_HUB_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,254}[A-Za-z0-9])?")
_GROUP_NAME = re.compile(r"\$?[A-Za-z0-9]([A-Za-z0-9._-]{0,48}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class HubSpec:
    """A hub as it is configured.

    :param groups: names of its consumer groups, beside ``$Default``, which every hub has
    """

    name: str
    partitions: int
    groups: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not _HUB_NAME.fullmatch(self.name):
            raise BadSetting(
                f"{self.name!r} is no name of a hub: letters, digits, dots, hyphens, underscores"
            )
        if not 1 <= self.partitions <= MOST_PARTITIONS:
            raise BadSetting(
                f"hub {self.name} can have 1 to {MOST_PARTITIONS} partitions, not {self.partitions}"
            )
        for group in self.groups:
            if not _GROUP_NAME.fullmatch(group):
                raise BadSetting(f"{group!r} is no name of a consumer group")

    @property
    def key(self) -> str:
        """Its name as it is looked up: case makes no difference."""
        return self.name.lower()

    def has_group(self, name: str) -> bool:
        """Tell whether there is such a consumer group, in whatever case."""
        return name.lower() in {group.lower() for group in (DEFAULT_GROUP, *self.groups)}


def parse_hub(text: str) -> HubSpec:
    """Read ``NAME:PARTITIONS`` or ``NAME:PARTITIONS:GROUP,GROUP``.

    :raises BadSetting: if it is neither
    """
    name, _, rest = text.partition(":")
    count, _, groups = rest.partition(":")
    if not count.isdecimal():
        raise BadSetting(f"--hub takes NAME:PARTITIONS or NAME:PARTITIONS:GROUP,GROUP, not {text!r}")
    return HubSpec(name, int(count), tuple(filter(None, groups.split(","))))


def read_config(file: Path) -> tuple[str, tuple[HubSpec, ...]]:
    """Read a ``Config.json``.

    :return: the namespace's name, and its hubs
    :raises BadSetting: if it cannot be read or says something that is not done here
    """
    try:
        namespaces = json.loads(file.read_text(encoding="utf-8-sig"))["UserConfig"]["NamespaceConfig"]
        if len(namespaces) != 1:
            raise BadSetting(f"{file} has {len(namespaces)} namespaces; one is served")
        namespace = namespaces[0]
        kind = namespace.get("Type", "EventHub")
        if kind.lower() not in {"eventhub", "eventhubs"}:
            raise BadSetting(f"{file} describes a namespace of type {kind}, not EventHub")
        return str(namespace.get("Name", "emulatorNs1")), tuple(map(_hub, namespace["Entities"]))
    except OSError as problem:
        raise BadSetting(f"{file} cannot be read: {problem.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise BadSetting(f"{file} is no Config.json of an Event Hubs emulator: {problem!r}") from None


def _hub(entity: dict[str, Any]) -> HubSpec:
    groups = [str(group["Name"]) for group in entity.get("ConsumerGroups") or ()]
    # Microsoft's own samples write the count as text.
    return HubSpec(str(entity["Name"]), int(entity["PartitionCount"]), tuple(groups))


def distinct(hubs: tuple[HubSpec, ...]) -> dict[str, HubSpec]:
    """Map hubs by their keys.

    :raises BadSetting: if two have one name, or there is none
    """
    found: dict[str, HubSpec] = {}
    for hub in hubs:
        if hub.key in found:
            raise BadSetting(f"there are two hubs {hub.name}")
        found[hub.key] = hub
    if not found:
        raise BadSetting("there is no hub: name one with --hub NAME:PARTITIONS, or a file with --config")
    return found
