"""Models of the format ``skops/1``: any scikit-learn outlier detector, as a zip of plain data and arrays.

Nothing in the file can run: skops builds objects of trusted types only
(https://skops.readthedocs.io/en/stable/persistence.html). The import takes seconds; scoring imports this
module only for such models.
"""

from __future__ import annotations

import io
import json
import warnings
import zipfile
import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import sklearn
import skops.io
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags

from scorer.errors import ModelFault
from scorer.models.format import MOST_VALUES, holds_more_values
from scorer.models.ocsvm import Predictions
from scorer.models.unscorable import ROW_ERRORS, SearchTooLong, unscorable_rows
from scorer.readings.table import ONE_FEATURE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from scorer.models.ocsvm import BoolArray, FloatArray

MOST_ENTRIES = 4096
MOST_UNPACKED = 64 << 20
"""Limit of the decompressed bytes of all entries; a zip bomb is refused before it is decompressed."""
MOST_SCHEMA = 16 << 20
"""Limit of the schema in bytes: a forest of a thousand trees takes 15 MB, and twenty times as much parsed."""
TRUSTED = (
    "sklearn.metrics._dist_metrics.EuclideanDistance64",
    "sklearn.tree._tree.Tree",
    "sklearn.neighbors._kd_tree.KDTree",
    "sklearn.neighbors._ball_tree.BallTree",
)
"""Types of scikit-learn that skops does not trust by default: compiled classes that hold plain numbers."""
INLIER, OUTLIER = 1, -1
"""Labels of scikit-learn's outlier detectors:
https://scikit-learn.org/stable/modules/outlier_detection.html."""
_STORED = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_VERSION_KEY = "_sklearn_version"
_SHOWN_CLASSES = 5


@dataclass(frozen=True, slots=True, eq=False)
class SkopsModel:
    """A fitted outlier detector, which labels outliers -1 and all others 1."""

    estimator: Any
    features: tuple[str, ...]
    blob: str

    def predict(self, values: FloatArray) -> Predictions:
        """Predict readings; those that scikit-learn refuses are left out.

        :param values: shape (n_readings, n_features), float64, finite; (n_readings,) for one feature
        :raises ModelFault: if the estimator cannot score any of them, or predicts other labels
        """
        rows = values.reshape(-1, len(self.features))
        if not len(rows):  # scikit-learn refuses to predict no rows
            return Predictions(np.empty(0))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # for example that feature names are missing
                return self._predicted_or_refused(rows)
        except ModelFault:
            raise
        except Exception as error:  # a strange estimator can fail in any way
            raise ModelFault(f"{self.blob}: scikit-learn cannot score with it: {_line(error)}") from error

    def _predicted_or_refused(self, rows: FloatArray) -> Predictions:
        """Predict the rows that can be predicted, and name the others."""
        refused, why = self._spoilt(rows), "a step turns it into NaN or infinity"
        if refused.all():
            raise ModelFault(f"{self.blob}: a step turns every reading into NaN or infinity")
        try:
            predictions = self._predicted(rows[~refused])
        except ROW_ERRORS as error:
            refused, why = self._refused(rows, error), _line(error).partition(". ")[0]
            predictions = self._predicted(rows[~refused])
        if not refused.any():
            return predictions
        return replace(predictions, refused=refused, why_refused=f"the model cannot score a reading: {why}")

    def _refused(self, rows: FloatArray, error: Exception) -> BoolArray:
        """Return which rows cannot be scored, shape (n_rows,); raise the error if these are all rows."""
        refused = self._unfinished(rows)
        try:
            refused[~refused] = unscorable_rows(self._predicted, rows[~refused])
        except SearchTooLong:
            refused[:] = True
        rest = ~refused
        refused[rest] = self._unfinished(rows[rest])  # before, a step refused the rows and hid its results
        if refused.all():
            raise error
        return refused

    def _spoilt(self, rows: FloatArray) -> BoolArray:
        """Return which rows the last step would treat as missing values and label normal, as trees do.

        Readings are finite, so only an earlier step can have produced NaN. Shape (n_rows,).
        """
        is_lenient = (
            isinstance(self.estimator, Pipeline) and get_tags(self.estimator[-1]).input_tags.allow_nan
        )
        return self._unfinished(rows) if is_lenient else np.zeros(len(rows), dtype=np.bool_)

    def _unfinished(self, rows: FloatArray) -> BoolArray:
        """Return which rows the steps before the last turn into NaN or infinity; shape (n_rows,)."""
        none = np.zeros(len(rows), dtype=np.bool_)
        if not isinstance(self.estimator, Pipeline) or len(self.estimator) == 1:
            return none
        try:
            made = np.asarray(self.estimator[:-1].transform(rows), dtype=np.float64)
        except ROW_ERRORS:  # a step refuses rows itself; the search in _refused will find them
            return none
        unfinished: BoolArray = np.any(~np.isfinite(made.reshape(len(rows), -1)), axis=1)
        return unfinished

    def _predicted(self, rows: FloatArray) -> Predictions:
        predicted = np.asarray(self.estimator.predict(rows))
        labels = predicted == OUTLIER
        if labels.shape != (len(rows),) or not (labels | (predicted == INLIER)).all():
            raise ModelFault(
                f"{self.blob} predicts something other than {INLIER} or {OUTLIER} for each reading"
            )
        return Predictions(self._scores(rows, labels), labels)

    def _scores(self, rows: FloatArray, labels: NDArray[Any]) -> FloatArray:
        if hasattr(self.estimator, "decision_function"):
            scores: FloatArray = self.estimator.decision_function(rows).astype("float64").reshape(len(rows))
            return scores
        return 1.0 - 2.0 * labels


def load_skops(data: bytes, blob: str) -> SkopsModel:
    """Load the estimator of a file.

    :param blob: its name, for errors
    :raises ModelFault: if it is damaged, too large, fitted by another scikit-learn, contains untrusted types,
        or is not an outlier detector
    """
    fitted_by = _version_of(_schema(data, blob))
    if fitted_by and fitted_by != sklearn.__version__:
        raise ModelFault(
            f"{blob} was fitted by scikit-learn {fitted_by}, installed is {sklearn.__version__}: "
            "train again, or use the scoring image that it was made for"
        )
    try:
        return _built(data, blob)
    except ModelFault:
        raise
    except Exception as error:  # a malicious file can make skops, and the objects it builds, fail in any way
        raise ModelFault(f"{blob} is not a model of format skops/1: {_line(error)}") from error


def dump_skops(estimator: Any) -> bytes:
    """Render an estimator's file."""
    data: bytes = skops.io.dumps(estimator)
    return data


def _built(data: bytes, blob: str) -> SkopsModel:
    untrusted = sorted(set(skops.io.get_untrusted_types(data=data)) - set(TRUSTED))
    if untrusted:
        named = ", ".join(untrusted)[:300]
        raise ModelFault(f"{blob} contains untrusted types: {named}{_hint(untrusted)}")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        estimator = skops.io.loads(data, trusted=list(TRUSTED))
    _refuse_unless_detector(estimator, blob)
    _use_one_job(estimator)
    return SkopsModel(estimator, _features(estimator, blob), blob)


def _schema(data: bytes, blob: str) -> Any:
    """Return the archive's schema, after checking that it is small enough to be decompressed."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > MOST_UNPACKED:
                raise ModelFault(f"{blob} unpacks to more than {MOST_UNPACKED} bytes or {MOST_ENTRIES} files")
            if any(entry.compress_type not in _STORED or entry.flag_bits & 1 for entry in entries):
                raise ModelFault(f"{blob} is compressed or encrypted in a way that skops never uses")
            schema = _unpacked_schema(archive, blob)
            _refuse_repeated(schema, {entry.filename: entry.file_size for entry in entries}, blob)
            return schema
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, RecursionError, EOFError, OSError) as error:
        raise ModelFault(f"{blob} is not a model of format skops/1: {_line(error)}") from error


def _unpacked_schema(archive: zipfile.ZipFile, blob: str) -> Any:
    """Read the schema; check the size in its header first, then the number of bytes that were read."""
    text = b""
    if archive.getinfo("schema.json").file_size <= MOST_SCHEMA:
        with archive.open("schema.json") as file:
            text = file.read(MOST_SCHEMA + 1)
    if not text or len(text) > MOST_SCHEMA or holds_more_values(text, MOST_VALUES):
        raise ModelFault(
            f"{blob} has a schema that is empty, or larger than {MOST_SCHEMA:,} bytes or "
            f"{MOST_VALUES:,} values"
        )
    return json.loads(text)


def _refuse_repeated(schema: Any, sizes: Mapping[str, int], blob: str) -> None:
    """Refuse a schema that names the same files many times: skops unpacks them each time."""
    asked = (node.get("file") for node in _objects_of(schema))
    if sum(sizes.get(file, 0) for file in asked if isinstance(file, str)) > MOST_UNPACKED:
        raise ModelFault(f"{blob} unpacks to more than {MOST_UNPACKED} bytes, some of them repeatedly")


def _version_of(schema: Any) -> str:
    """Return the version of scikit-learn in the estimator's state; empty if there is none."""
    for node in _objects_of(schema):
        noted = node.get(_VERSION_KEY)
        if isinstance(noted, dict) and isinstance(noted.get("content"), str):
            return str(noted["content"]).strip('"')
    return ""


def _objects_of(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield every object of a schema, at any depth."""
    waiting = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)


def _refuse_unless_detector(estimator: Any, blob: str) -> None:
    """Refuse an estimator that never predicts -1, with which no reading would ever be an anomaly.

    scikit-learn's estimator tag names its kind; a pipeline or a search has the tag of its last step
    (https://scikit-learn.org/stable/developers/develop.html#estimator-tags). A classifier is accepted if it
    was fitted on the labels of an outlier detector.

    :raises ModelFault: naming the kind of estimator
    """
    name = type(estimator).__name__
    if not isinstance(estimator, BaseEstimator):
        raise ModelFault(f"{blob} holds a {name}, which is not a scikit-learn estimator")
    if not hasattr(estimator, "predict"):
        raise ModelFault(f"{blob} holds a {name}, which cannot predict")
    kind = get_tags(estimator).estimator_type
    classes = _classes_of(estimator)
    if kind == "outlier_detector" or set(classes) == {INLIER, OUTLIER}:
        return
    found = f" with the labels {', '.join(map(repr, classes[:_SHOWN_CLASSES]))}" if classes else ""
    raise ModelFault(
        f"{blob} holds a {name}, which is a {kind or 'predictor'}{found}, not an outlier detector: it must "
        f"predict {OUTLIER} for an anomaly and {INLIER} for any other reading"
        + (", so fit it on these labels" if kind == "classifier" else "")
    )


def _classes_of(estimator: Any) -> list[Any]:
    """Return the labels that a classifier was fitted on; empty for anything else."""
    classes = getattr(estimator, "classes_", None)
    return classes.tolist() if isinstance(classes, np.ndarray) and classes.ndim == 1 else []


def _use_one_job(estimator: BaseEstimator) -> None:
    """Limit the estimator to one job, whatever its file sets: a node runs one process per slot."""
    names = [name for name in estimator.get_params(deep=True) if name.rpartition("__")[2] == "n_jobs"]
    estimator.set_params(**dict.fromkeys(names, 1))


def _hint(untrusted: Iterable[str]) -> str:
    if any(name.startswith("pyod.") for name in untrusted):
        return (
            "; PyOD labels 0 and 1, not 1 and -1: publish the scikit-learn estimator inside it, its "
            "detector_, as docs/model-format.md shows"
        )
    return ""


def _features(estimator: Any, blob: str) -> tuple[str, ...]:
    names = getattr(estimator, "feature_names_in_", None)
    if names is not None:
        return tuple(map(str, names))
    if getattr(estimator, "n_features_in_", 0) != 1:
        raise ModelFault(f"{blob} was fitted without feature names: fit it with a DataFrame")
    return ONE_FEATURE


def _line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
