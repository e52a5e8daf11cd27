"""The hash of a key."""

from __future__ import annotations

import pytest
from azure.eventhub._buffered_producer._partition_resolver import compute_hash
from hypothesis import given
from hypothesis import strategies as st

from azure_event_hubs_emulator.service.partition_key import hash_of, lookup3, partition_of


@pytest.mark.hypothesis
@given(st.text(st.characters(max_codepoint=127), max_size=60))
def test_the_hash_is_the_clients(key) -> None:
    """Keys of ASCII, which is all that Python's client hashes rightly, lead to the same two words."""
    assert lookup3(key.encode()) == compute_hash(key)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("7", -15263),
        ("131", 30562),
        ("7149583486996073602", 12977),
        ("$0cb", 26269),
        ("!c*_!I@1^c", 15372),
        ("p4*!jioeO/z-!-;w:dh", -3104),
        ("-4189260826195535198", 453),
    ],
)
def test_the_hash_is_the_services(key, expected) -> None:
    """Cases of ``PartitionResolver`` in the clients for .NET and Java, which is the service's code."""
    assert hash_of(key) == expected


def test_a_partition_is_the_remainder_without_sign() -> None:
    """As in C#, where a negative number has a negative remainder."""
    assert partition_of("p4*!jioeO/z-!-;w:dh", 7) == 3104 % 7
    assert partition_of("", 4) in range(4)
