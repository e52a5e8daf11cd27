"""Which hubs there are: options and files."""

from __future__ import annotations

import json

import pytest

from azure_event_hubs_emulator.errors import AmqpError, BadSetting
from azure_event_hubs_emulator.hubs import HubSpec, distinct, parse_hub, read_config
from azure_event_hubs_emulator.service.entities import Namespace

CONFIG = {
    "UserConfig": {
        "NamespaceConfig": [
            {
                "Type": "EventHub",
                "Name": "emulatorNs1",
                "Entities": [
                    {"Name": "eh1", "PartitionCount": "2", "ConsumerGroups": [{"Name": "cg1"}]},
                    {"Name": "eh2", "PartitionCount": 4},
                ],
            }
        ],
        "LoggingConfig": {"Type": "File"},
    }
}
"""In the form of Microsoft's own emulator, whose samples write counts as text."""


def test_the_other_emulators_file_is_read(tmp_path) -> None:
    """Its ``Config.json`` gives the same hubs here."""
    file = tmp_path / "Config.json"
    file.write_text("\ufeff" + json.dumps(CONFIG), encoding="utf-8")
    assert read_config(file) == ("emulatorNs1", (HubSpec("eh1", 2, ("cg1",)), HubSpec("eh2", 4)))


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"UserConfig": {"NamespaceConfig": []}}'])
def test_another_file_is_refused(tmp_path, text) -> None:
    """The error names the file."""
    file = tmp_path / "Config.json"
    file.write_text(text)
    with pytest.raises(BadSetting, match=r"Config\.json"):
        read_config(file)


@pytest.mark.parametrize(
    "text", ["sensors", "sensors:many", "sensors:0", "sensors:33", "a/b:1", ":1", "s:1:a/b"]
)
def test_a_bad_hub_is_refused(text) -> None:
    """A hub has a name, 1 to 32 partitions, and groups with names."""
    with pytest.raises(BadSetting):
        parse_hub(text)


def test_a_hub_is_read() -> None:
    """Groups come after the partitions; ``$Default`` is there without being named, in any case."""
    hub = parse_hub("sensors:4:scoring,audit")
    assert hub == HubSpec("sensors", 4, ("scoring", "audit"))
    assert hub.has_group("$default")
    assert hub.has_group("Audit")
    with pytest.raises(BadSetting, match="two hubs"):
        distinct((hub, HubSpec("Sensors", 1)))
    with pytest.raises(BadSetting, match="no hub"):
        distinct(())


@pytest.mark.parametrize(
    ("address", "condition"),
    [
        ("amqps://h/sensors/ConsumerGroups/$Default/Partitions/4", "com.microsoft:argument-out-of-range"),
        ("amqps://h/sensors/ConsumerGroups/$Default/Partitions/00", "com.microsoft:argument-out-of-range"),
        ("amqps://h/sensors/ConsumerGroups/other/Partitions/0", "amqp:not-found"),
        ("amqps://h/else/ConsumerGroups/$Default/Partitions/0", "amqp:not-found"),
        ("sensors", "amqp:not-found"),
        ("", "amqp:not-found"),
    ],
)
def test_addresses_of_nothing_are_refused(address, condition) -> None:
    """Hub, group and partition have to be there."""
    namespace = Namespace(distinct((HubSpec("sensors", 4),)), host="h")
    with pytest.raises(AmqpError) as caught:
        namespace.source(address)
    assert caught.value.condition == condition
