"""Any estimator of scikit-learn as a model: ``skops/1``, a zip of plain data and arrays.

Nothing in the file can run: skops builds objects of named types, and of types that we trust only. The import
takes seconds; scoring comes here for such models alone.
"""

from __future__ import annotations

import io
import json
import warnings
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sklearn
import skops.io

from scorer.errors import ModelFault
from scorer.ocsvm import Verdicts
from scorer.sheet import ONE_FEATURE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scorer.ocsvm import FloatArray

MOST_ENTRIES = 4096
MOST_UNPACKED = 64 << 20
"""Bytes of all entries together; a bomb is refused before it is unpacked."""
TRUSTED = (
    "sklearn.metrics._dist_metrics.EuclideanDistance64",
    "sklearn.tree._tree.Tree",
    "sklearn.neighbors._kd_tree.KDTree",
    "sklearn.neighbors._ball_tree.BallTree",
)
"""Types of scikit-learn that skops leaves to us to trust: plain numbers in compiled classes."""
_STORED = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_VERSION_KEY = "_sklearn_version"


@dataclass(frozen=True, slots=True, eq=False)
class SkopsModel:
    """A fitted estimator that labels outliers -1."""

    estimator: Any
    features: tuple[str, ...]
    blob: str

    def judge(self, values: FloatArray) -> Verdicts:
        """Decide about readings.

        :param values: shape (n_readings, n_features), float64, finite; (n_readings,) for one feature
        :raises ModelFault: if the estimator does not work on them
        """
        rows = values.reshape(-1, len(self.features))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that names of columns are missing, and the like
                labels = self.estimator.predict(rows) == -1
                scores = self._scores(rows, labels)
        except Exception as error:  # whatever scikit-learn makes of a strange estimator
            raise ModelFault(f"{self.blob}: scikit-learn cannot score with it: {_line(error)}") from error
        return Verdicts(scores, labels)

    def _scores(self, rows: FloatArray, labels: NDArray[Any]) -> FloatArray:
        if hasattr(self.estimator, "decision_function"):
            scores: FloatArray = self.estimator.decision_function(rows).astype("float64").reshape(len(rows))
            return scores
        return 1.0 - 2.0 * labels


def load_skops(data: bytes, blob: str) -> SkopsModel:
    """Build the estimator of a file.

    :param blob: its name, for the sentences
    :raises ModelFault: if it is damaged, too large, of another scikit-learn, or holds types nobody trusts
    """
    fitted_by = _version_of(_schema(data, blob))
    if fitted_by and fitted_by != sklearn.__version__:
        raise ModelFault(
            f"{blob} was fitted by scikit-learn {fitted_by}, here is {sklearn.__version__}: "
            "train again, or use the scoring image that belongs to it"
        )
    try:
        untrusted = sorted(set(skops.io.get_untrusted_types(data=data)) - set(TRUSTED))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            estimator = None if untrusted else skops.io.loads(data, trusted=list(TRUSTED))
    except Exception as error:  # a hostile file can make skops fail in any way
        raise ModelFault(f"{blob} is not a model of format skops/1: {_line(error)}") from error
    if untrusted:
        raise ModelFault(f"{blob} holds types that nobody trusts: {', '.join(untrusted)[:300]}")
    return SkopsModel(estimator, _features(estimator, blob), blob)


def dump_skops(estimator: Any) -> bytes:
    """Write an estimator's file."""
    data: bytes = skops.io.dumps(estimator)
    return data


def _schema(data: bytes, blob: str) -> Any:
    """Return what the archive says of itself, once it is small enough to be unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > MOST_UNPACKED:
                raise ModelFault(f"{blob} unpacks to more than {MOST_UNPACKED} bytes or {MOST_ENTRIES} files")
            if any(entry.compress_type not in _STORED or entry.flag_bits & 1 for entry in entries):
                raise ModelFault(f"{blob} is packed or encrypted in a way that skops never uses")
            return json.loads(archive.read("schema.json"))
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, RecursionError, EOFError, OSError) as error:
        raise ModelFault(f"{blob} is not a model of format skops/1: {_line(error)}") from error


def _version_of(schema: Any) -> str:
    """Find the version of scikit-learn that an estimator notes in its state; empty if there is none."""
    waiting = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            noted = node.get(_VERSION_KEY)
            if isinstance(noted, dict) and isinstance(noted.get("content"), str):
                return str(noted["content"]).strip('"')
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
    return ""


def _features(estimator: Any, blob: str) -> tuple[str, ...]:
    if not hasattr(estimator, "predict"):
        raise ModelFault(f"{blob} holds a {type(estimator).__name__}, which predicts nothing")
    names = getattr(estimator, "feature_names_in_", None)
    if names is not None:
        return tuple(map(str, names))
    if getattr(estimator, "n_features_in_", 0) != 1:
        raise ModelFault(f"{blob} was fitted without names for its features: fit it with a DataFrame")
    return ONE_FEATURE


def _line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
