"""Creates a fleet to score: its models, readings and manifests in a real Azurite, in the layout of a cell."""

from __future__ import annotations

import hashlib
import io
import itertools
import pickle
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from azure.storage.blob import BlobServiceClient
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM

from scorer.models.format import FORMAT, render_model
from scorer.models_command.packs import packed
from scorer.training.fitting import exported
from scoring_contract import layout
from scoring_contract.access import variable_of
from scoring_contract.hour import RunHour
from scoring_contract.layout import Container
from scoring_contract.messages.invocation import ScoreInvocation
from scoring_contract.messages.manifest import Manifest, ModelRef, SensorOrder
from scoring_contract.messages.report import Report
from scoring_contract.predictions import PredictionFormat
from scoring_contract.sensor_names import sensor_id_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_stack.services.azurite import BlobStorage

HOUR = RunHour.parse("2018-08-29T02")
PER_PACK = 50
_KINDS = 15
"""Number of different models and readings; a larger fleet repeats them under other names."""
_TRAINED_ON = 1200
_PUTS_AT_ONCE = 8
_PLANNED_AT = "2018-08-29T03:00:00.000000Z"


@dataclass(frozen=True, slots=True)
class Kind:
    """A model, in scikit-learn's form and in ours, and the values of its sensors."""

    estimator: Any
    model: bytes
    values: np.ndarray[Any, np.dtype[np.float64]]
    """Shape (3600,): an hour, a reading a second."""

    @classmethod
    def drawn(cls, seed: int) -> Kind:
        """Create a random one, as large as those of the reference data: some 60 support vectors."""
        random = np.random.default_rng(seed)
        trained = random.normal(20 + 5 * seed, 3, (_TRAINED_ON, 1)).round(2)
        estimator = make_pipeline(StandardScaler(), OneClassSVM(nu=0.05, tol=1e-6)).fit(trained)
        model = exported(estimator)
        if model is None:
            raise TypeError("the estimator cannot be exported")
        return cls(estimator, render_model(model, {}), random.normal(20 + 5 * seed, 3, 3600).round(2))

    def texts(self, device: str, tag: str, readings: int) -> Iterator[str]:
        """Yield the rows of a sensor."""
        step = 3600 // readings
        for number, value in enumerate(self.values[:: 3600 // readings].tolist()):
            moment = HOUR.start + timedelta(seconds=number * step)
            yield f"{moment:%Y-%m-%d %H:%M:%S}.000,{device},{tag},{value}"


@dataclass(frozen=True, slots=True)
class Fleet:
    """Sensors of a cell.

    :param is_packed: whether packs of 50 share files of readings, models and predictions
    """

    sensors: int
    readings: int
    is_packed: bool = False
    is_parquet: bool = False
    predictions: PredictionFormat = PredictionFormat.CSV

    @property
    def name(self) -> str:
        """Its name, also in names of blobs."""
        layout_name = "packed" if self.is_packed else "alone"
        forms = ("-parquet" if self.is_parquet else "", "" if self.predictions == "csv" else "-to-parquet")
        return f"{layout_name}-{self.sensors}-{self.readings}{''.join(forms)}"


class FleetStorage:
    """Fleets in an Azurite.

    :param storage: the account
    """

    def __init__(self, storage: BlobStorage) -> None:
        self.storage = storage
        self._rounds = itertools.count(1)

    @cached_property
    def kinds(self) -> list[Kind]:
        """The models and readings of all fleets."""
        return [Kind.drawn(seed) for seed in range(_KINDS)]

    def lay_out(self, fleet: Fleet) -> ScoreInvocation:
        """Store everything that scoring the fleet needs; return the call that scores it."""
        laid = _Laid(fleet, self.kinds)
        for number in range(fleet.sensors):
            laid.add(number)
        files = list(laid.blobs())
        manifest = Manifest(HOUR, fleet.name, fleet.name, _PLANNED_AT, tuple(laid.orders), fleet.predictions)
        blob = layout.manifest_blob(fleet.name, fleet.name)
        puts = [*files, (Container.RUNS, blob, manifest.to_json().encode())]
        with ThreadPoolExecutor(_PUTS_AT_ONCE) as pool:
            list(pool.map(lambda put: self._put(*put), puts))
        return ScoreInvocation(blob, layout.report_blob(fleet.name, "job", "task"))

    def check(self, fleet: Fleet, call: ScoreInvocation) -> None:
        """Check that a call has scored the whole fleet.

        :raises RuntimeError: if it has not
        """
        text = self.storage.container(Container.RUNS).download_blob(call.report).readall()
        scored = [sensor for sensor in Report.from_json(text).sensors if sensor.readings == fleet.readings]
        if len(scored) != fleet.sensors:
            raise RuntimeError(f"{fleet.name}: {len(scored)} of {fleet.sensors} sensors were scored")

    def lay_out_reference(self) -> None:
        """Store what the reference script needs: one file of readings, and pickles."""
        container = self._service().create_container("reference")
        rows = [row for number, kind in enumerate(self.kinds) for row in kind.texts("0", str(number), 1200)]
        container.upload_blob("data.csv", "\n".join(("TS,Device,Tag,Value", *rows, "")))
        for number, kind in enumerate(self.kinds):
            container.upload_blob(f"0_{number}.pkl", pickle.dumps(kind.estimator))

    def environ(self) -> dict[str, str]:
        """Return the environment of a scorer, with a new container for predictions."""
        predictions = f"predictions-{next(self._rounds)}"
        self._service().create_container(predictions)
        grants = {Container.DATA: "r", Container.MODELS: "r", Container.RUNS: "rcw"}
        urls = {variable_of(name): self.storage.signed_url(name, letters) for name, letters in grants.items()}
        return {**urls, variable_of(Container.PREDICTIONS): self.storage.signed_url(predictions, "rcw")}

    def _service(self) -> BlobServiceClient:
        return BlobServiceClient.from_connection_string(self.storage.connection_string)

    def _put(self, container: Container, blob: str, data: bytes) -> None:
        self.storage.container(container).upload_blob(blob, data, overwrite=True)


@dataclass
class _Laid:
    """Content of a fleet's files, sensor by sensor."""

    fleet: Fleet
    kinds: list[Kind]
    orders: list[SensorOrder] = field(default_factory=list)
    models: list[bytes] = field(default_factory=list)
    readings: defaultdict[str, list[tuple[str, str, Kind]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, number: int) -> None:
        """Add a sensor and its order."""
        kind, device, tag = (
            self.kinds[number % _KINDS],
            f"{self.fleet.name}-{number // _KINDS}",
            str(number % _KINDS),
        )
        sensor = sensor_id_of(device, tag)
        pack = f"{self.fleet.name}-{number // PER_PACK:04}" if self.fleet.is_packed else ""
        folder = layout.packed_readings_prefix(HOUR, pack) if pack else layout.readings_prefix(HOUR, sensor)
        file = f"{folder}0.{'parquet' if self.fleet.is_parquet else 'csv'}"
        self.readings[file].append((device, tag, kind))
        own = layout.model_blob(sensor, "v1")
        ref = ModelRef("v1", own, hashlib.sha256(kind.model).hexdigest(), FORMAT)
        self.models.append(kind.model)
        self.orders.append(SensorOrder(sensor, device, tag, ref, (file,), pack))

    def blobs(self) -> Iterator[tuple[Container, str, bytes]]:
        """Yield container, name and content of every file; the orders learn what lies where in packs."""
        if self.fleet.is_packed:
            starts = range(0, len(self.orders), PER_PACK)
            yield from (self._packed(slice(start, start + PER_PACK)) for start in starts)
        else:
            for order, model in zip(self.orders, self.models, strict=True):
                yield Container.MODELS, order.model.blob, model
        for name, rows in self.readings.items():
            yield Container.DATA, name, self._parquet(rows) if self.fleet.is_parquet else self._csv(rows)

    def _packed(self, some: slice) -> tuple[Container, str, bytes]:
        orders = self.orders[some]
        models = [(order.model, data) for order, data in zip(orders, self.models[some], strict=True)]
        content, slices = packed(orders[0].pack, models)
        self.orders[some] = [
            replace(order, model=replace(order.model, pack=place))
            for order, place in zip(orders, slices, strict=True)
        ]
        return Container.MODELS, slices[0].blob, content

    def _csv(self, sensors: list[tuple[str, str, Kind]]) -> bytes:
        rows = [row for device, tag, kind in sensors for row in kind.texts(device, tag, self.fleet.readings)]
        return "\n".join(("TS,Device,Tag,Value", *rows, "")).encode()

    def _parquet(self, sensors: list[tuple[str, str, Kind]]) -> bytes:
        count = self.fleet.readings
        devices, tags, _ = zip(*sensors, strict=True)
        timestamps = np.datetime64(HOUR.start.replace(tzinfo=None), "us") + np.arange(count) * np.timedelta64(
            3600 // count, "s"
        )
        table = pa.table(
            {
                "TS": pa.array(np.tile(timestamps, len(sensors)), pa.timestamp("us", "UTC")),
                "Device": pa.array(np.repeat(devices, count)).dictionary_encode(),
                "Tag": pa.array(np.repeat(tags, count)).dictionary_encode(),
                "Value": np.concatenate([kind.values[:: 3600 // count] for _, _, kind in sensors]),
            }
        )
        sink = io.BytesIO()
        pq.write_table(table, sink)
        return sink.getvalue()
