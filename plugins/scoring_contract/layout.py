"""Names of all blobs. Names only: nothing here touches storage.

Five containers, with the writers of their blobs::

    data         readings/2018/08/29/02/<sensor>/<any>.csv        devices (Stream Analytics, the loader)
                 readings/2018/08/29/02/_packs/<pack>/<any>.csv   the same, many sensors in a file
                 labels/2018/08/29/02.csv                         people, or the simulator
                 labels/_spans/<sensor>/<id>.json                 people, through the fleet page
    models       registry.json, <sensor>/<version>/model.json     training
                 _packs/<pack>/<digest>.models, packs.csv         ``scorer models pack``: many models in a
                 file
    predictions  2018/08/29/02/<sensor>.csv                       the scorer; or .parquet
                 2018/08/29/02/_packs/<pack>.csv                  the same, many sensors in a file
    runs         <run>/plan.json, manifests/, orders/, reports/, summary.json
                 _hours/2018/08/29/02.json.gz                     the runs of an hour: its outcome
                 _alerts/history.json                             alerts: the problems already reported
                 _pools/<pool>.json                               the DAG ``pool_watch``: its last cures
                 _missing/reported.json                           the DAG ``missing_hours``: the same of hours
    logs         <run>/<job>/<task>/stdout.txt, stderr.txt        Azure Batch, when a task has ended

``<run>`` is the base of the run's Batch ids (hour and DAG run in one), so two runs of one hour never share a
folder. They share predictions on purpose: a re-run overwrites them.

A *pack* is a fixed set of sensors that share files, so that a fleet of thousands takes a few requests instead
of a few per sensor. The registry assigns sensors to packs. ``docs/readings.md`` describes files of readings,
``sensor_names`` the ids of sensors.
"""

from __future__ import annotations

import re
from enum import StrEnum

from scoring_contract.errors import HourError, LayoutError
from scoring_contract.hour import RunHour
from scoring_contract.predictions import PredictionFormat
from scoring_contract.sensor_names import checked_sensor_id, is_sensor_id

_PACK = re.compile(r"(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)
_SEGMENT = re.compile(r"[A-Za-z0-9_.~-]{1,250}", re.ASCII)
"""The longest is a group's name, two sensor ids; with a suffix it fits the 255 bytes of most file systems."""

_PATH = re.compile(r"[A-Za-z0-9_.~/-]{1,1024}", re.ASCII)
"""Azure limits blob names to 1,024 characters:
https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata"""
_SPAN_LABELS = "labels/_spans/"
_NO_SEGMENTS = frozenset(("", ".", ".."))
_RECORD = re.compile(r"_hours/(\d{4})/(\d{2})/(\d{2})/(\d{2})\.json\.gz", re.ASCII)
_SHOWN = 100

HOURS_FOLDER = "_hours/"
"""Folder in ``runs`` with the records of all hours; no run can have it: theirs begin with the job prefix."""
PACKS_FOLDER = "_packs"
"""Cannot be a sensor id, which starts with a letter, a digit or ``~``."""

REGISTRY_BLOB = "registry.json"
"""The registry's blob in the ``models`` container."""
PACKS_BLOB = "packs.csv"
"""Blob in the ``models`` container with device, tag, pack and id of each sensor, for who writes readings."""


class Container(StrEnum):
    """Roles of the containers; the value is the default container name."""

    DATA = "data"
    MODELS = "models"
    PREDICTIONS = "predictions"
    RUNS = "runs"
    LOGS = "logs"


def checked_pack(text: str) -> str:
    """Return the text if it is a valid name of a pack.

    :raises LayoutError: unless it is 1 to 64 of ``A-Za-z0-9_.-`` without ``..`` and starts with a letter or
        digit
    """
    if not _PACK.fullmatch(text):
        raise LayoutError(
            f"{text!r} cannot name a pack: 1 to 64 of A-Z a-z 0-9 _ . - with a letter or digit first"
        )
    return text


def readings_folder(hour: RunHour) -> str:
    """Folder in ``data`` with all reading blobs of an hour."""
    return f"readings/{hour.path}/"


def readings_prefix(hour: RunHour, sensor_id: str) -> str:
    """Folder in ``data`` with all reading blobs of one sensor and hour."""
    return f"{readings_folder(hour)}{checked_sensor_id(sensor_id)}/"


def sensor_of_readings(blob: str) -> str | None:
    """Sensor of a blob in ``data``; None unless it is in a sensor's folder of readings."""
    parts = blob.split("/")
    if len(parts) != len(("readings", "Y", "M", "D", "H", "sensor", "file")) or parts[0] != "readings":
        return None
    return parts[5] if is_sensor_id(parts[5]) else None


def packed_readings_prefix(hour: RunHour, pack: str) -> str:
    """Folder in ``data`` with all reading blobs of one pack and hour."""
    return f"{readings_folder(hour)}{PACKS_FOLDER}/{checked_pack(pack)}/"


def pack_of_readings(blob: str) -> str | None:
    """Pack of a blob in ``data``; None unless it is in a pack's folder of readings."""
    parts = blob.split("/")
    form = ("readings", "Y", "M", "D", "H", PACKS_FOLDER, "pack", "file")
    if len(parts) != len(form) or parts[0] != "readings":
        return None
    return parts[6] if parts[5] == PACKS_FOLDER and _PACK.fullmatch(parts[6]) else None


def hour_of_readings(blob: str) -> RunHour:
    """Hour of a blob with readings in ``data``.

    :raises LayoutError: unless it is in a folder of readings, of a sensor or of a pack
    """
    parts = blob.split("/")
    if not (sensor_of_readings(blob) or pack_of_readings(blob)):
        raise LayoutError(f"{blob!r} is not in a folder of readings")
    return RunHour.parse("{}-{}-{}T{}".format(*parts[1:5]))


def labels_blob(hour: RunHour) -> str:
    """Blob in ``data`` with the known anomalies of an hour; most hours have none."""
    return f"labels/{hour.path}.csv"


def span_labels_folder(sensor_id: str = "") -> str:
    """Folder in ``data`` with the labels of spans of a sensor's readings, or, without an id, of any."""
    return f"{_SPAN_LABELS}{checked_sensor_id(sensor_id)}/" if sensor_id else _SPAN_LABELS


def span_label_blob(sensor_id: str, label_id: str) -> str:
    """Blob in ``data`` with one of them."""
    return f"{span_labels_folder(sensor_id)}{_segment(label_id)}.json"


def span_label_named(blob: str) -> tuple[str, str] | None:
    """Sensor and label id of a blob in ``data``; None unless it has the name of such a label."""
    sensor, _, file = blob.removeprefix(_SPAN_LABELS).partition("/")
    if not blob.startswith(_SPAN_LABELS) or not is_sensor_id(sensor) or not file.endswith(".json"):
        return None
    return sensor, file.removesuffix(".json")


def model_blob(sensor_id: str, version: str) -> str:
    """Blob in ``models`` with one version of a sensor's model."""
    return f"{checked_sensor_id(sensor_id)}/{_segment(version)}/model.json"


def checked_model_blob(text: str) -> str:
    """Return the text if it is a safe name of a blob in ``models``: registries need not be trusted.

    :raises LayoutError: if it is longer than Azure allows, or a segment is empty, ``.``, ``..`` or has other
        characters than ours: joined to the container's URL it could lead elsewhere
    """
    if not _PATH.fullmatch(text) or not _NO_SEGMENTS.isdisjoint(text.split("/")):
        raise LayoutError(f"{text[:_SHOWN]!r} cannot name a blob in the models container")
    return text


def model_packs_folder(pack: str) -> str:
    """Folder in ``models`` with the pack files of a pack."""
    return f"{PACKS_FOLDER}/{checked_pack(pack)}/"


def model_pack_blob(pack: str, sha256: str) -> str:
    """Blob in ``models`` with the models of a pack.

    :param sha256: hex digest of its head, which lists its models
    """
    return f"{model_packs_folder(pack)}{_segment(sha256)}.models"


def digest_of_model_pack(blob: str) -> str | None:
    """Hex digest of a pack file's head, from its name; None for a file of an earlier version, without one."""
    name = blob.rpartition("/")[2]
    return name.removesuffix(".models") if name.endswith(".models") else None


def predictions_folder(hour: RunHour) -> str:
    """Folder in ``predictions`` with all prediction blobs of an hour."""
    return f"{hour.path}/"


def prediction_blob(hour: RunHour, sensor_id: str, form: PredictionFormat = PredictionFormat.CSV) -> str:
    """Blob in ``predictions``; one fixed name per hour, sensor and format, so that a re-run overwrites it."""
    return f"{predictions_folder(hour)}{checked_sensor_id(sensor_id)}.{form}"


def packed_prediction_blob(hour: RunHour, pack: str, form: PredictionFormat = PredictionFormat.CSV) -> str:
    """Blob in ``predictions`` with the predictions of a pack; also one fixed name."""
    return f"{predictions_folder(hour)}{PACKS_FOLDER}/{checked_pack(pack)}.{form}"


def plan_blob(run: str) -> str:
    """Blob in ``runs`` with the plan of a run."""
    return f"{_segment(run)}/plan.json"


def manifest_blob(run: str, group: str) -> str:
    """Blob in ``runs`` with the manifest of a group of sensors."""
    return f"{_segment(run)}/manifests/{_segment(group)}.json"


def order_blob(run: str, group: str) -> str:
    """Blob in ``runs`` with the training order of a group of sensors."""
    return f"{_segment(run)}/orders/{_segment(group)}.json"


def narrowed_manifest_blob(run: str, job: str, task: str) -> str:
    """Blob in ``runs`` with the manifest of a retry: only the sensors that the earlier Batch task left."""
    return f"{_segment(run)}/manifests/{_segment(job)}/{_segment(task)}.json"


def reports_folder(run: str) -> str:
    """Folder in ``runs`` with the reports of every Batch job of the run."""
    return f"{_segment(run)}/reports/"


def report_blob(run: str, job: str, task: str) -> str:
    """Blob in ``runs`` with the report of a Batch task, written last: its commit marker."""
    return f"{reports_folder(run)}{_segment(job)}/{_segment(task)}.json"


def summary_blob(run: str) -> str:
    """Blob in ``runs`` with the summary of a run."""
    return f"{_segment(run)}/summary.json"


def telemetry_note_blob(run: str) -> str:
    """Blob in ``runs`` with what has been sent of a run's trace."""
    return f"{_segment(run)}/telemetry.json"


def hour_record_blob(hour: RunHour) -> str:
    """Blob in ``runs`` with the record of an hour: the outcome of every sensor, whichever run scored it."""
    return f"{HOURS_FOLDER}{hour.path}.json.gz"


def hour_records_folder(hour: RunHour) -> str:
    """Folder in ``runs`` with the records of all hours of an hour's month."""
    return f"{HOURS_FOLDER}{hour.start:%Y/%m}/"


def hour_of_record(blob: str) -> RunHour | None:
    """Hour of a record in ``runs``; None for any other blob."""
    match = _RECORD.fullmatch(blob)
    try:
        return RunHour.parse("{}-{}-{}T{}".format(*match.groups())) if match else None
    except HourError:
        return None  # digits that are no hour


def log_folder(run: str, job: str, task: str) -> str:
    """Folder in ``logs`` with the output of a Batch task."""
    return f"{_segment(run)}/{_segment(job)}/{_segment(task)}"


def _segment(text: str) -> str:
    if not _SEGMENT.fullmatch(text) or text in {".", ".."}:
        raise LayoutError(f"{text!r} cannot be a segment of a blob name")
    return text
