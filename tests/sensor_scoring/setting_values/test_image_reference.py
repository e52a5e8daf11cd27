"""The scoring image of a pool and of its Batch tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sensor_scoring.errors import SettingsError
from sensor_scoring.hourly.planning.capacity import pool_spec
from sensor_scoring.setting_groups import PoolSettings
from sensor_scoring.setting_values.image_reference import ImageReference, image_troubles, registry_of
from sensor_scoring.settings import Settings

if TYPE_CHECKING:
    from tests.sensor_scoring.conftest import Account

ONE, OTHER = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("sensor-scoring", ("sensor-scoring", "latest", "")),
        ("sensor-scoring:1", ("sensor-scoring", "1", "")),
        ("host:5000/team/scoring", ("host:5000/team/scoring", "latest", "")),
        ("host:5000/scoring:1.2", ("host:5000/scoring", "1.2", "")),
        (f"host/scoring@{ONE}", ("host/scoring", "", ONE)),
        (f"host:5000/scoring:1.2@{ONE}", ("host:5000/scoring", "1.2", ONE)),
    ],
)
def test_a_name_has_parts(text, parts) -> None:
    """The port of a registry is no tag, and a digest needs none."""
    assert ImageReference.parse(text) == ImageReference(*parts)


@pytest.mark.parametrize("text", ["a b", "scoring@sha256:12", f"scoring@{ONE}0", "@sha256:", f"a@b@{ONE}"])
def test_what_no_registry_can_have_is_refused(text) -> None:
    """A cut or mistyped digest stops Airflow with the name of the setting."""
    with pytest.raises(SettingsError, match="SENSOR_SCORING_SCORING_IMAGE"):
        Settings.from_environ({"SENSOR_SCORING_SCORING_IMAGE": text})


@pytest.mark.parametrize(
    ("fetched", "image", "said"),
    [
        pytest.param([f"r/s:1@{ONE}"], f"r/s:1@{ONE}", "", id="same-digest"),
        pytest.param(["r/s:1"], "r/s:1", "", id="tags-cannot-be-compared"),
        pytest.param(["r/s"], "r/s:latest", "", id="latest-unsaid"),
        pytest.param([], "r/s:1", "", id="pool-fetches-none"),
        pytest.param(["r/t:1", "r/s:1"], "r/s:1", "", id="one-of-several"),
        pytest.param([f"r/s:1@{ONE}"], f"r/s:1@{OTHER}", "the tag 1 has moved since", id="moved"),
        pytest.param(
            [f"r/s:1@{ONE}"], f"r/s:2@{OTHER}", f"its Batch tasks run r/s:2@{OTHER}. Each", id="other-tag"
        ),
        pytest.param(["r/s:1"], f"r/s:1@{ONE}", f"its Batch tasks run r/s:1@{ONE}. Each", id="digest-is-new"),
        pytest.param([f"r/s@{ONE}"], f"r/s@{OTHER}", f"its Batch tasks run r/s@{OTHER}. Each", id="no-tag"),
    ],
)
def test_a_run_says_that_the_pool_fetches_another_image(fetched, image, said) -> None:
    """And that the tag has moved, if digests show it."""
    configuration = {"containerConfiguration": {"containerImageNames": fetched}}
    found = image_troubles({"id": "pool", "virtualMachineConfiguration": configuration}, image)
    assert [said in sentence for sentence in found] == ([True] if said else [])


def test_the_pool_is_made_with_the_digest_and_remembers_it(account: Account) -> None:
    """A run with another digest of the same tag is told so, and the pool stays as it is."""
    first = pool_spec(Settings(pool=PoolSettings(pool_id="p", scoring_image=f"r/s:1@{ONE}")))
    later = pool_spec(Settings(pool=PoolSettings(pool_id="p", scoring_image=f"r/s:1@{OTHER}")))
    assert account.hook.pools.ensure(first) == []
    assert account.hook.pools.ensure(first) == []
    (said,) = account.hook.pools.ensure(later)
    assert said.startswith(f"pool p was made to fetch r/s:1@{ONE}, and its Batch tasks run r/s:1@{OTHER}")
    machine = account.client.get_pool("p")["virtualMachineConfiguration"]
    assert machine["containerConfiguration"]["containerImageNames"] == [f"r/s:1@{ONE}"]


@pytest.mark.parametrize(
    ("image", "server"),
    [
        ("sensor-scoring:1", ""),
        ("fleet/sensor-scoring", ""),
        ("r.azurecr.io/fleet/sensor-scoring:1", "r.azurecr.io"),
        ("localhost/sensor-scoring", "localhost"),
        ("mirror:5000/sensor-scoring@sha256:" + "0" * 64, "mirror:5000"),
    ],
)
def test_the_registry_of_an_image_is_in_its_name(image: str, server: str) -> None:
    """A first part with a dot or a port is a server; without one the image is Docker Hub's."""
    assert registry_of(image) == server
