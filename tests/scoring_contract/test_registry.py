"""Operations of the registry: add, promote and roll back versions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from scoring_contract.errors import MessageError, RegistryError
from scoring_contract.hour import RunHour
from scoring_contract.messages.manifest import ModelRef, PackSlice
from scoring_contract.messages.registry import (
    MOST_FORMER,
    MOST_WAITING,
    Registry,
    TrainedModel,
    TrainedSensor,
)
from scoring_contract.sensor_names import sensor_id_of

if TYPE_CHECKING:
    from collections.abc import Callable

HOUR = RunHour.parse("2018-08-29T02")


def a_model(version: str, *, sensor: str = "1_4", digest: str = "0" * 64) -> TrainedSensor:
    """Build a new model of a sensor."""
    ref = ModelRef(version, f"{sensor}/{version}/model.json", digest, "ocsvm-json/2")
    device, _, tag = sensor.partition("_")
    return TrainedSensor(sensor, device, tag, TrainedModel(ref, HOUR.previous, HOUR, 60, {}))


def a_registry(*versions: str) -> Registry:
    """Build a registry whose sensor 1_4 has had these current versions."""
    registry = Registry()
    for version in versions:
        registry = registry.publishing([a_model(version)])
    return registry


def test_a_version_that_is_added_is_not_current() -> None:
    """It waits for promotion; only a sensor's first version becomes current at once."""
    entry = a_registry("v1").adding([a_model("v2")]).entry("1_4")
    assert (entry.current, sorted(entry.versions), entry.former) == ("v1", ["v1", "v2"], ())
    assert Registry().adding([a_model("v1")]).entry("1_4").current == "v1"


def test_rollback_leads_back_the_way_it_came() -> None:
    """Each step undoes one promotion, even if its version had been current before."""
    registry = a_registry("v1", "v2", "v3").promoting({"1_4": "v1"})
    way = []
    for _ in range(3):
        registry = registry.rolling_back("1_4")
        way.append(registry.entry("1_4").current)
    assert way == ["v3", "v2", "v1"]
    with pytest.raises(RegistryError, match="1_4: v1 is its first current version"):
        registry.rolling_back("1_4")
    assert sorted(registry.entry("1_4").versions) == ["v1", "v2", "v3"]


def test_promoting_the_current_version_changes_nothing() -> None:
    """There is no step to undo."""
    registry = a_registry("v1", "v2")
    assert registry.promoting({"1_4": "v2"}) == registry


def test_the_way_back_is_bounded() -> None:
    """Every plan reads the registry, so the oldest steps, and later their versions, are dropped."""
    versions = [f"v{number:02}" for number in range(MOST_FORMER + MOST_WAITING + 9)]
    entry = a_registry(*versions).entry("1_4")
    assert entry.former == tuple(versions[-MOST_FORMER - 1 : -1])
    assert sorted(entry.versions)[-MOST_FORMER - 1 :] == versions[-MOST_FORMER - 1 :]
    assert len(entry.versions) <= MOST_FORMER + MOST_WAITING + 1


def test_refused_versions_do_not_pile_up() -> None:
    """The latest never-promoted versions are kept, and always the current one, however old."""
    registry = a_registry("v00")
    for number in range(1, 9):
        registry = registry.adding([a_model(f"v{number:02}")])
    entry = registry.entry("1_4")
    assert (entry.current, sorted(entry.versions)) == ("v00", ["v00", "v06", "v07", "v08"])


def test_what_the_registry_does_not_have_is_named() -> None:
    """Each error is a sentence that names the sensor."""
    registry = a_registry("v1")
    with pytest.raises(RegistryError, match="1_4: there is no version 'v9', only v1"):
        registry.promoting({"1_4": "v9"})
    with pytest.raises(RegistryError, match="the registry has no sensor '9_9'"):
        registry.rolling_back("9_9")


def test_an_id_and_a_version_keep_their_meaning() -> None:
    """An id stands for one device and tag, a version for one file."""
    registry = a_registry("v1")
    other = TrainedSensor("1_4", "1_4", "", a_model("v2").model)
    with pytest.raises(RegistryError, match="1_4: its id belongs to device '1' tag '4'"):
        registry.publishing([other])
    with pytest.raises(RegistryError, match="version v1 already exists, with another file"):
        registry.adding([a_model("v1", digest="1" * 64)])


def test_a_pack_survives_new_versions() -> None:
    """Publishing keeps a sensor in its pack, and known versions at their place in it."""
    place = PackSlice("_packs/p0001/x.jsonl", 0, 10)
    packed = a_registry("v1").packing({"1_4": "p0001", "gone": "p0001"}, {"1_4": ("v1", place)})
    again = packed.publishing([a_model("v2")]).publishing([a_model("v1")])
    entry = again.entry("1_4")
    assert (entry.pack, entry.model.pack) == ("p0001", place)
    assert list(again.sensors) == ["1_4"]


def test_a_place_of_a_version_that_is_gone_is_left_out() -> None:
    """Packing may be overtaken; it never creates a version."""
    registry = a_registry("v1")
    place = PackSlice("_packs/p0001/x.jsonl", 0, 10)
    assert registry.packing({"1_4": ""}, {"1_4": ("v9", place)}) == registry


def test_history_and_models_from_elsewhere_survive_json() -> None:
    """It reads back as written; a history that leads nowhere is refused."""
    elsewhere = TrainedSensor(
        "2_1", "2", "1", TrainedModel(a_model("v1", sensor="2_1").model.ref, None, None, 0, {})
    )
    registry = a_registry("v1", "v2").publishing([elsewhere])
    assert Registry.from_json(registry.to_json()) == registry
    broken = registry.to_json().replace('"former": ["v1"]', '"former": ["v9"]')
    with pytest.raises(MessageError, match="former: is 'v9', which is not among the versions"):
        Registry.from_json(broken)


ENTRY = a_registry("v1").to_json()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(lambda _text: "{", "registry: is not JSON", id="torn"),
        pytest.param(lambda _text: "[]", "registry: is not an object", id="a-list"),
        pytest.param(
            lambda text: text.replace("1_4/v1/model.json", "../secrets/key.json"),
            "sensors.1_4.versions[0].blob: '../secrets/key.json' cannot name a blob in the models container",
            id="blob-outside",
        ),
        pytest.param(
            lambda text: text.replace("1_4/v1/model.json", "/etc/passwd"), "cannot name a blob", id="a-root"
        ),
        pytest.param(
            lambda text: text.replace("1_4/v1/model.json", "1_4/%2e%2e/x"), "cannot name a blob", id="escaped"
        ),
        pytest.param(
            lambda text: text.replace("1_4/v1/model.json", "1_4/v1/m?sig=x"), "cannot name a blob", id="query"
        ),
        pytest.param(
            lambda text: text.replace("1_4/v1/model.json", "a/" * 600 + "m"), "cannot name a blob", id="long"
        ),
        pytest.param(
            lambda text: text.replace(
                '"pack": null', '"pack": {"blob": "_packs/../x", "offset": 0, "length": 1}'
            ),
            "pack.blob: '_packs/../x' cannot name a blob",
            id="pack-outside",
        ),
        pytest.param(
            lambda text: text.replace('"1_4":', '"../1_4":'),
            "has an invalid name: '../1_4'",
            id="absurd-sensor",
        ),
        pytest.param(
            lambda text: text.replace('"1_4":', '"1_4": {}, "1_4":'),
            "has the member '1_4' twice",
            id="sensor-twice",
        ),
        pytest.param(
            lambda text: text.replace(
                '"versions": [', f'"versions": [{json.dumps(a_model("v1").model.to_json())}, '
            ),
            "versions: names a version twice",
            id="version-twice",
        ),
    ],
)
def test_a_hostile_registry_is_refused_with_its_place(change: Callable[[str], str], words: str) -> None:
    """Names that lead elsewhere and duplicates are refused."""
    text = change(ENTRY)
    assert text != ENTRY
    with pytest.raises(MessageError) as caught:
        Registry.from_json(text)
    assert words in str(caught.value)


def test_versions_that_cannot_be_added_are_named_one_by_one() -> None:
    """The registry names the versions it cannot take, and the others can be published."""
    registry = a_registry("v1")
    other = TrainedSensor("1_4", "1_", "4", a_model("v2").model)
    news = [a_model("v1", digest="1" * 64), a_model("v1", sensor="2_1")]
    assert registry.objections(news) == {"1_4": "version v1 already exists, with another file"}
    assert "belongs to device '1' tag '4'" in registry.objections([other])["1_4"]


def test_a_sensor_is_found_by_its_id_and_by_what_is_shown_of_it() -> None:
    """People type what they see; where that can be two sensors, they are asked for the id."""
    pairs = [("1", "4"), ("plant 1", "flow"), ("x / y", "z"), ("x", "y / z")]
    news = [TrainedSensor(sensor_id_of(*pair), *pair, a_model("v1").model) for pair in pairs]
    registry = Registry().publishing(news)
    assert registry.sensor_called("1_4") == "1_4"
    assert (
        registry.sensor_called("plant 1 / flow")
        == registry.sensor_called("plant~201_flow")
        == "plant~201_flow"
    )
    with pytest.raises(
        RegistryError, match=r"'x / y / z' can be x_y~20~2f~20z or x~20~2f~20y_z: give the id"
    ):
        registry.sensor_called("x / y / z")
    with pytest.raises(RegistryError, match="the registry has no sensor 'plant 1'"):
        registry.sensor_called("plant 1")
