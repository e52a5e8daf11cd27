"""The table of metrics."""

from __future__ import annotations

import re

import pytest

from sensor_scoring.telemetry.metrics import MEANINGS, METRICS, NODES, QUEUE, SENSORS, Attribute, Point


def test_every_metric_has_a_name_of_its_own_that_backends_take() -> None:
    """Its unit is in the notation of UCUM, its text a sentence, its attributes explained."""
    assert len({metric.name for metric in METRICS}) == len(METRICS)
    for metric in METRICS:
        assert re.fullmatch(r"sensor_scoring(\.[a-z_]+)+", metric.name), metric.name
        assert re.fullmatch(r"s|h|\{[a-z]+\}", metric.unit), metric.unit
        assert re.fullmatch(r"[A-Z].*\.", metric.what), metric.what
        assert Attribute.POOL in metric.attributes
        assert metric.of_run == (".run." in metric.name)
    assert set(MEANINGS) == set(Attribute)


def test_a_value_has_all_attributes_of_its_metric_and_no_other() -> None:
    """Without one of them, two series would be one."""
    Point(QUEUE, 1, {Attribute.POOL: "p"})
    for metric, attributes in ((NODES, {Attribute.POOL: "p"}), (QUEUE, {})):
        with pytest.raises(ValueError, match=metric.name):
            Point(metric, 1, attributes)


def test_a_value_has_a_name_of_its_own_among_the_attributes_of_a_span() -> None:
    """Made of what tells it apart in its run."""
    told = {Attribute.POOL: "p", Attribute.RUN_TYPE: "manual", Attribute.OUTCOME: "no model"}
    assert Point(SENSORS, 1, told).flat_name == "sensor_scoring.run.sensors.no_model"
