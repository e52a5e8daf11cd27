"""Packing sensors into Batch tasks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring_contract.layout import manifest_blob
from scoring_contract.sensor_names import MOST_ID_CHARS
from sensor_scoring.hourly.planning.packing import MOST_TASKS, packed, shown_group, size_for

SENSORS = st.lists(
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,5}", fullmatch=True).filter(lambda name: ".." not in name),
    unique=True,
).map(sorted)


@pytest.mark.parametrize(
    ("sensors", "wanted", "size"),
    [
        pytest.param(15, 0, 1, id="small-fleet-one-each"),
        pytest.param(400, 0, 1, id="still-one-each"),
        pytest.param(401, 0, 2, id="first-that-is-packed"),
        pytest.param(20_000, 0, 50, id="large-fleet"),
        pytest.param(0, 0, 1, id="nobody"),
        pytest.param(20_000, 1, 1, id="one-each-if-asked-for"),
        pytest.param(15, 10, 10, id="as-many-as-asked-for"),
    ],
)
def test_the_size_follows_the_rule_unless_it_is_given(sensors: int, wanted: int, size: int) -> None:
    """Up to 400 sensors get a task each; a larger fleet is packed into at most 400 tasks."""
    assert size_for(sensors, wanted=wanted) == size
    if not wanted:
        assert -(-sensors // size) <= MOST_TASKS


@given(sensors=SENSORS, size=st.integers(1, 7))
def test_every_sensor_is_in_just_one_group(sensors: list[str], size: int) -> None:
    """Groups keep the order of sensors, and have distinct names that are valid in paths."""
    groups = packed(sensors, size=size)
    assert [sensor for group in groups.values() for sensor in group] == sensors
    assert len(groups) == -(-len(sensors) // size)
    for group in groups:
        assert manifest_blob("run", group)


def test_a_packed_group_is_called_by_its_ends() -> None:
    """People who look for a sensor find its group in the web UI."""
    assert packed(["1_1", "1_2", "1_3"], size=2) == {"1_1..1_2": ("1_1", "1_2"), "1_3..1_3": ("1_3",)}


@given(sensors=SENSORS, size=st.integers(1, 7), data=st.data())
def test_a_pack_is_never_divided(sensors: list[str], size: int, data: st.DataObject) -> None:
    """All sensors of a pack are in the same group, whatever its size."""
    packs = st.sampled_from(["", "p1", "p2", "p3"])
    pack_of = {sensor: pack for sensor in sensors if (pack := data.draw(packs))}
    groups = packed(sensors, size=size, pack_of=pack_of)
    assert sorted(sensor for group in groups.values() for sensor in group) == sensors
    for pack in set(pack_of.values()):
        assert sum(any(pack_of.get(sensor) == pack for sensor in group) for group in groups.values()) == 1


def test_packs_share_a_group_while_there_is_room() -> None:
    """Two packs of two fill a group of four; a sensor without a pack goes where its id sorts."""
    pack_of = {"1_1": "p1", "1_3": "p1", "1_4": "p2", "1_5": "p2"}
    groups = packed(["1_1", "1_2", "1_3", "1_4", "1_5"], size=4, pack_of=pack_of)
    assert groups == {"1_1..1_2": ("1_1", "1_3", "1_2"), "1_4..1_5": ("1_4", "1_5")}


def test_names_of_the_longest_sensors_fit_into_a_path() -> None:
    """Two of the longest ids make the longest name of a group, which is no longer than a file's may be."""
    (group,) = packed(["a" * MOST_ID_CHARS, "b" * MOST_ID_CHARS], size=2)
    assert len(f"{group}.parquet") <= 255
    assert manifest_blob("run", group).endswith(f"{group}.json")


def test_people_read_the_names_of_a_group() -> None:
    """The label of a mapped instance shows devices and tags, not escapes."""
    assert shown_group("1_4") == "1_4"
    assert shown_group("1_4..plant~201_flow") == "1_4..plant 1 / flow"
