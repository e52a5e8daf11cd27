"""Which sensors are trained on which readings, in which groups."""

from __future__ import annotations

from scoring_contract import layout
from scoring_contract.fit_options import FitOptions
from scoring_contract.hour import RunHour
from scoring_contract.messages.manifest import ModelRef
from scoring_contract.messages.registry import Registry, TrainedModel, TrainedSensor
from scoring_contract.messages.training import TrainingHours, TrainingOrder
from sensor_scoring.training.plan import TrainingPlan, plan_training

HOURS = TrainingHours(*(RunHour.parse(f"2018-08-29T0{hour}") for hour in (0, 2, 2, 3)))
TRAINING, LATER = ("readings/2018/08/29/00/", "readings/2018/08/29/01/"), "readings/2018/08/29/02/"


def a_registry(*sensors: str, packs: dict[str, str] | None = None) -> Registry:
    """Build a registry with a model for each sensor."""
    news = []
    for sensor in sensors:
        device, _, tag = sensor.partition("_")
        model = TrainedModel(ModelRef("v1", f"{sensor}/v1/model.json", "0" * 64, "f"), None, None, 0, {})
        news.append(TrainedSensor(sensor, device, tag, model))
    return Registry().publishing(news).packing(packs or {})


def planned(
    registry: Registry, training: list[str], later: list[str], *labels: str, size: int = 2
) -> tuple[TrainingPlan, list[TrainingOrder]]:
    """Plan a run."""
    return plan_training(
        registry,
        training,
        later,
        labels,
        hours=HOURS,
        run="run1",
        planned_at="2018-08-29T03:05:00.000000Z",
        options=FitOptions(nu=0.05),
        sensors_per_task=size,
    )


def test_sensors_are_divided_into_groups_of_neighbours() -> None:
    """Each order lists its own sensors' blobs by hour, each once."""
    blobs = [f"{folder}{sensor}/0.csv" for folder in TRAINING for sensor in ("1_1", "1_2", "2_1")]
    plan, orders = planned(a_registry("1_2"), blobs, [f"{LATER}1_2/0.csv"])
    assert plan.groups == {"1_1..1_2": ("1_1", "1_2"), "2_1..2_1": ("2_1",)}
    assert orders[0].training == tuple(blob for blob in blobs if "2_1" not in blob)
    assert orders[0].evaluation == (f"{LATER}1_2/0.csv",)
    assert orders[1].evaluation == ()
    new, known = orders[0].sensors
    assert (new.pair, new.current) == (None, None)
    assert (known.pair, known.current) == (("1", "2"), a_registry("1_2").entry("1_2").model)


def test_a_pack_is_one_group_and_its_files_are_named_once() -> None:
    """Which members have rows in a pack's files is unknown, so all are tried."""
    packs = dict.fromkeys(("1_1", "1_2", "1_3"), "p0001")
    blobs = [f"{TRAINING[0]}_packs/p0001/0.csv", f"{TRAINING[0]}1_2/0.csv", f"{TRAINING[0]}_packs/gone/0.csv"]
    plan, (order,) = planned(a_registry(*packs, "4_4", packs=packs), blobs, [])
    assert plan.groups == {"1_1..1_3": ("1_1", "1_2", "1_3")}
    assert order.training == (f"{TRAINING[0]}1_2/0.csv", f"{TRAINING[0]}_packs/p0001/0.csv")
    assert {subject.packs for subject in order.sensors} == {("p0001",)}
    assert plan.silent == ("4_4",)


def test_an_order_has_the_labels_of_its_sensors_and_hours() -> None:
    """Those of other sensors and hours, and files that only lie beside them, concern nobody."""

    def label(sensor: str, first: str, last: str) -> str:
        name = f"20180829T{first}0000000-20180829T{last}0000000-0123456789ab"
        return layout.span_label_blob(sensor, name)

    trained, evaluated = label("1_1", "00", "01"), label("1_1", "02", "05")
    others = label("1_2", "03", "04"), label("2_1", "00", "01"), "labels/_spans/1_1/notes.json"
    blobs = [f"{TRAINING[0]}{sensor}/0.csv" for sensor in ("1_1", "1_2", "3_1")]
    _, orders = planned(Registry(), blobs, [], trained, *others, evaluated)
    assert [order.labels for order in orders] == [(trained, evaluated), ()]


def test_plan_and_order_survive_json() -> None:
    """Later steps and the scorer read what was planned."""
    plan, (order,) = planned(a_registry("1_1"), [f"{TRAINING[0]}1_1/0.csv", f"{TRAINING[0]}1_2/0.csv"], [])
    assert TrainingPlan.from_json(plan.to_json()) == plan
    assert TrainingOrder.from_json(order.to_json()) == order
