"""What a month takes, and who signs in where: pages and results of the templates as they are."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from datetime import timedelta

import pytest

from bench.month import HOURS, RESULTS, duration_of, month_of, simulated, tasks_of
from infra.check.roles import needs
from infra.fleet_size import SENSORS, fleet_size
from sensor_scoring.hourly.planning.packing import packed, size_for
from tests.infra.deployments import SIZES
from tests.support.typed import ROOT

SAVED = json.loads(RESULTS.read_text())


def test_the_saved_month_is_of_these_templates() -> None:
    """Bounds, Batch tasks and durations are those of today: otherwise run ``make bench-month``."""
    sizes = [fleet_size(each) for each in SENSORS]
    assert [size.sensors for size in sizes] == list(SIZES)
    for saved, size in zip(SAVED, sizes, strict=True):
        assert saved["bounds"] == asdict(size)
        assert (saved["tasks"], saved["duration"]) == (tasks_of(size), duration_of(size))
        assert saved["ceiling"] == size.max_nodes * HOURS


def test_a_month_is_simulated_with_as_many_tasks_as_a_plan_has() -> None:
    """The count is that of the plan's own groups."""
    for size in map(fleet_size, SENSORS):
        names = [f"{number:05}" for number in range(size.sensors)]
        assert tasks_of(size) == len(packed(names, size=size_for(size.sensors, wanted=0)))


@pytest.mark.parametrize(("spot", "kind"), [(False, "busy"), (True, "busy_spot")])
def test_a_day_tells_the_same_as_the_saved_month(spot, kind) -> None:
    """The lab still finds these node-hours under today's formula, and every task is done."""
    size, day = fleet_size(15), timedelta(days=1)
    month = month_of(simulated(size, spot=spot, tasks=tasks_of(size), length=day), length=day)
    assert month["unfinished"] == 0
    for name in ("node_hours", "spot_hours"):
        assert month[name] == pytest.approx(SAVED[0][kind][name], rel=0.03)


def test_a_pool_with_nothing_to_do_has_no_node() -> None:
    """Without work the formula asks for none in a whole day, of either kind."""
    for spot in (False, True):
        outcome = simulated(fleet_size(SENSORS[-1]), spot=spot, tasks=0, length=timedelta(days=1))
        assert outcome.node_hours == 0
    assert [saved["idle"]["node_hours"] for saved in SAVED] == [0, 0, 0]


def test_the_picture_of_identities_shows_each_role() -> None:
    """Every row of the table of roles is on an arrow between the same two."""
    text = (ROOT / "docs" / "azure.md").read_text()
    picture = text.partition("<!-- START identities -->")[2].partition("<!-- END identities -->")[0]
    names = dict(re.findall(r'^ +(\w+)\(?\["([^"<]+)', picture, re.MULTILINE))
    arrows = re.findall(r'^ +(\w+) -\.?->\|"([^"]+)"\| (\w+)$', picture, re.MULTILINE)
    shown = {
        (names[who], names[place], container, *label.split("<br>")[:1])
        for who, label, place in arrows
        for container in (label.split("<br>")[1].split(", ") if names[place] == "storage account" else [""])
    }
    wanted = set()
    for need in needs():
        container = need.grant.where.removeprefix("container ")
        is_blob = container != need.grant.where
        place = "storage account" if is_blob else need.grant.where
        wanted.add((need.grant.who, place, container if is_blob else "", need.grant.role))
    assert shown == wanted
