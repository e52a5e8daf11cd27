"""Which sensors share files."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scorer.models_command.packing import assigned
from scoring_contract.predictions import MOST_PACK_CHARS

SENSORS = st.sets(st.integers(0, 300).map("s{:04}".format), max_size=60)


def members(packs: dict[str, str]) -> dict[str, list[str]]:
    """Return the sensors of each pack."""
    groups: dict[str, list[str]] = {}
    for sensor, pack in packs.items():
        groups.setdefault(pack, []).append(sensor)
    return groups


def test_neighbours_are_together() -> None:
    """Packs are filled one after the other, in the order of ids."""
    packs = assigned(["1_3", "1_1", "2_1", "1_2", "2_2"], size=2, present={})
    assert packs == {"1_1": "p0001", "1_2": "p0001", "1_3": "p0002", "2_1": "p0002", "2_2": "p0003"}


def test_a_new_sensor_fills_the_last_pack() -> None:
    """No sensor moves, even if the new one sorts between them; a full pack is followed by a new one."""
    present = {"1_1": "p0001", "1_3": "p0001", "2_1": "p0002"}
    packs = assigned([*present, "1_2", "1_4"], size=2, present=present)
    assert packs == {**present, "1_2": "p0002", "1_4": "p0003"}


def test_an_overfull_pack_keeps_what_it_can_hold() -> None:
    """The first ids stay; the others move to new packs."""
    packs = assigned("abcde", size=2, present=dict.fromkeys("abcde", "p0001"))
    assert members(packs) == {"p0001": ["a", "b"], "p0002": ["c", "d"], "p0003": ["e"]}


def test_a_name_of_a_persons_choice_is_kept() -> None:
    """A pack named by a person keeps its members, and new packs get numbers beside it."""
    packs = assigned("abc", size=2, present={"a": "north", "b": "north"})
    assert packs == {"a": "north", "b": "north", "c": "p0001"}


def test_long_ids_make_smaller_packs() -> None:
    """The metadata of a pack's predictions lists its sensors and has a size limit."""
    sensors = [f"{number:03}" + "x" * 61 for number in range(200)]
    for group in members(assigned(sensors, size=200, present={})).values():
        assert len(",".join(group)) <= MOST_PACK_CHARS


@given(first=SENSORS, more=SENSORS, size=st.integers(1, 9))
def test_packs_are_stable_and_bounded(first: set[str], more: set[str], size: int) -> None:
    """Every sensor has a pack and keeps it, and no pack is too full."""
    before = assigned(first, size=size, present={})
    after = assigned(first | more, size=size, present=before)
    assert after.keys() == first | more
    assert all(len(group) <= size for group in members(after).values())
    assert all(after[sensor] == pack for sensor, pack in before.items())
    assert assigned(first | more, size=size, present=after) == after
