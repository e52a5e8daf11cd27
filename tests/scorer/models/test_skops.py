"""Estimators of scikit-learn in skops files: loaded as data, with trusted types only."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import sklearn
from hypothesis import given
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from sklearn.covariance import EllipticEnvelope
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, SGDOneClassSVM
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, PowerTransformer, StandardScaler
from sklearn.svm import OneClassSVM
from sklearn.tree import DecisionTreeClassifier

from scorer.errors import ModelFault
from scorer.models.format import MOST_VALUES, SKOPS_FORMAT, load_model
from scorer.models.skops import MOST_ENTRIES, MOST_UNPACKED, SkopsModel, dump_skops
from scorer.training.fitting import fit
from scoring_contract.fit_options import FitOptions
from scoring_contract.messages.manifest import ModelRef

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[3]
VALUES = np.random.default_rng(5).normal(10, 3, (200, 1))


def ref(data: bytes) -> ModelRef:
    """Register a file correctly."""
    return ModelRef("v1", "1_4/v1/model.json", hashlib.sha256(data).hexdigest(), SKOPS_FORMAT)


@cache
def a_forest() -> bytes:
    """Write a small isolation forest."""
    return dump_skops(IsolationForest(n_estimators=3, random_state=0).fit(VALUES))


def changed(data: bytes, name: str, change: Any) -> bytes:
    """Copy an archive with one entry changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(out, "w") as new:
        for entry in archive.namelist():
            content = archive.read(entry)
            new.writestr(entry, change(content) if entry == name else content)
    return out.getvalue()


def test_an_isolation_forest_is_trained_exported_and_scored() -> None:
    """Its labels are the estimator's predictions; its score is the decision value."""
    fitted = fit(VALUES, FitOptions(estimator="isolation-forest"))
    data = fitted.render({"sensor": "1_4"})
    assert fitted.format == SKOPS_FORMAT
    model = load_model(data, ref(data))
    new = np.random.default_rng(6).normal(10, 6, (500, 1))
    predictions = model.predict(new)
    assert predictions.anomalies.tolist() == (fitted.estimator.predict(new) == -1).tolist()
    np.testing.assert_array_equal(predictions.scores, fitted.estimator.decision_function(new))


def test_features_are_those_of_the_frame_it_was_fitted_with() -> None:
    """Columns are found by name; an estimator without names may have one feature only."""
    frame = pd.DataFrame({"Mean": VALUES[:, 0], "Most": VALUES[:, 0] * 2})
    named = dump_skops(LocalOutlierFactor(novelty=True).fit(frame))
    model = load_model(named, ref(named))
    assert model.features == ("Mean", "Most")
    assert model.predict(np.array([[10.0, 20.0], [1e3, 0.0]])).anomalies.tolist() == [False, True]
    nameless = dump_skops(IsolationForest(n_estimators=2).fit(frame.to_numpy()))
    with pytest.raises(ModelFault, match="without feature names"):
        load_model(nameless, ref(nameless))


def test_another_scikit_learn_is_named_with_ours() -> None:
    """A version mismatch is reported with both versions before anything is built."""
    data = changed(
        a_forest(), "schema.json", lambda text: text.replace(sklearn.__version__.encode(), b"0.24.2")
    )
    with pytest.raises(
        ModelFault, match=rf"was fitted by scikit-learn 0\.24\.2, installed is {sklearn.__version__}"
    ):
        load_model(data, ref(data))


class Stranger:
    """An untrusted type."""


def test_types_that_nobody_trusts_are_named_and_not_built() -> None:
    """The author of a file cannot choose which types are built."""
    forest = IsolationForest(n_estimators=2).fit(VALUES)
    forest.stranger = Stranger()
    data = dump_skops(forest)
    with pytest.raises(ModelFault, match=r"contains untrusted types: .*Stranger"):
        load_model(data, ref(data))


@pytest.mark.parametrize(
    ("estimator", "labels", "sentence"),
    [
        pytest.param(
            RandomForestClassifier(n_estimators=2),
            np.arange(200) % 2,
            r"RandomForestClassifier, which is a classifier with the labels 0, 1, not an outlier detector",
            id="classifier-0-1",
        ),
        pytest.param(
            LogisticRegression(),
            np.where(np.arange(200) % 2, "ok", "bad"),
            r"with the labels 'bad', 'ok', not .*: it must predict -1 for an anomaly .* so fit it on these",
            id="texts",
        ),
        pytest.param(
            make_pipeline(StandardScaler(), DecisionTreeClassifier()),
            np.arange(200) % 2,
            "0, 1",
            id="pipeline",
        ),
        pytest.param(
            LinearRegression(), np.arange(200.0), "LinearRegression, which is a regressor, not", id="linear"
        ),
        pytest.param(KMeans(2), None, "KMeans, which is a clusterer, not an outlier detector", id="clusters"),
        pytest.param(GaussianMixture(2), None, "a density_estimator, not", id="mixture"),
    ],
)
def test_only_an_outlier_detector_is_a_model(estimator: Any, labels: Any, sentence: str) -> None:
    """Something that never predicts -1 would never find an anomaly, and nobody would notice."""
    data = dump_skops(estimator.fit(VALUES, labels))
    with pytest.raises(ModelFault, match=sentence):
        load_model(data, ref(data))


@pytest.mark.parametrize(
    "estimator",
    [
        pytest.param(EllipticEnvelope(random_state=0), id="envelope"),
        pytest.param(make_pipeline(StandardScaler(), OneClassSVM(nu=0.1)), id="pipeline"),
        pytest.param(SGDOneClassSVM(random_state=0), id="linear-svm"),
        pytest.param(DecisionTreeClassifier(), id="classifier-of-1-and-minus-1"),
    ],
)
def test_every_outlier_detector_is_a_model(estimator: Any) -> None:
    """Recognised by scikit-learn's tag, or by a classifier's classes if these are an outlier detector's."""
    estimator.fit(VALUES, np.where(VALUES[:, 0] > 12, -1, 1))
    data = dump_skops(estimator)
    assert (
        load_model(data, ref(data)).predict(VALUES).anomalies.tolist()
        == (estimator.predict(VALUES) == -1).tolist()
    )


def scoring(estimator: Any) -> Any:
    """Fit an estimator, and load it as scoring does."""
    data = dump_skops(estimator.fit(VALUES))
    return load_model(data, ref(data))


@pytest.mark.parametrize(
    ("estimator", "bad", "why"),
    [
        pytest.param(
            make_pipeline(FunctionTransformer(np.log1p), OneClassSVM()), [-2.0], "contains NaN", id="nan"
        ),
        pytest.param(
            make_pipeline(FunctionTransformer(np.log1p), OneClassSVM()), [-1.0], "infinity", id="infinite"
        ),
        pytest.param(
            make_pipeline(FunctionTransformer(np.log1p), IsolationForest(n_estimators=3)),
            [-2.0, -1.0],
            "a step turns it into NaN or infinity",
            id="before-trees-that-take-nan",
        ),
        pytest.param(
            make_pipeline(PowerTransformer(method="box-cox"), OneClassSVM()),
            [-1.0, 0.0, -1.0],
            "strictly positive",
            id="a-step-that-raises",
        ),
        pytest.param(
            make_pipeline(
                PowerTransformer(method="box-cox", standardize=False),
                FunctionTransformer(np.sqrt),
                IsolationForest(n_estimators=3),
            ),
            [-1.0, 0.5],
            "strictly positive",
            id="one-raises-and-one-is-lost",
        ),
        pytest.param(LocalOutlierFactor(novelty=True), [1e200], "", id="a-plain-detector"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_a_reading_that_no_model_takes_costs_the_others_nothing(
    estimator: Any, bad: list[float], why: str
) -> None:
    """It is left out with a reason; the others get the labels they would get without it."""
    model = scoring(estimator)
    rows = np.concatenate([VALUES[:70], np.array(bad)[:, np.newaxis], VALUES[70:]])
    predictions = model.predict(rows)
    alone = model.predict(VALUES)
    if not why:
        assert predictions.refused is None
        return
    assert np.flatnonzero(predictions.refused).tolist() == [70 + place for place in range(len(bad))]
    assert why in predictions.why_refused
    assert predictions.anomalies.tolist() == alone.anomalies.tolist()
    np.testing.assert_allclose(predictions.scores, alone.scores, rtol=1e-9, atol=1e-12)
    with pytest.raises(ModelFault, match=r"cannot score with it|turns every reading"):
        model.predict(np.array(bad)[:, np.newaxis])


def test_too_many_kinds_of_refused_readings_are_the_models_fault() -> None:
    """The search for them is bounded: a model that refuses thousands is the wrong one."""
    model = scoring(make_pipeline(PowerTransformer(method="box-cox"), OneClassSVM()))
    with pytest.raises(ModelFault, match="strictly positive"):
        model.predict(np.linspace(-5, 5, 20_000))


def test_no_readings_are_no_fault_of_an_estimator() -> None:
    """scikit-learn refuses an empty table, but evaluation must handle an hour without readings."""
    assert len(scoring(IsolationForest(n_estimators=2)).predict(np.empty(0)).scores) == 0


def test_what_predicts_other_labels_after_all_is_a_model_fault() -> None:
    """An estimator's tag is not enough: its predictions are checked too."""
    stump = DecisionTreeClassifier(max_depth=1).fit(VALUES, np.where(VALUES[:, 0] > 12, -1, 1))
    model = SkopsModel(stump, ("Value",), "m.json")
    assert model.predict(VALUES).anomalies.any()
    stump.classes_ = np.array([0, 1])
    with pytest.raises(ModelFault, match=r"m\.json predicts something other than 1 or -1 for each reading"):
        model.predict(VALUES)


PyodForest = type("IForest", (IsolationForest,), {"__module__": "pyod.models.iforest"})
"""Has the name that a detector of PyOD has in a file."""


def test_pyod_is_named_with_the_way_to_convert() -> None:
    """PyOD labels with 0 and 1; the scikit-learn estimator inside can be published."""
    data = dump_skops(PyodForest(n_estimators=2).fit(VALUES))
    with pytest.raises(ModelFault, match=r"pyod\.models\.iforest\.IForest; PyOD labels 0 and 1.*detector_"):
        load_model(data, ref(data))


def test_what_predicts_nothing_is_no_model() -> None:
    """A transformer is not an outlier detector."""
    data = dump_skops(StandardScaler().fit(VALUES))
    with pytest.raises(ModelFault, match="holds a StandardScaler, which cannot predict"):
        load_model(data, ref(data))


def bomb() -> bytes:
    """Write an archive of a few kilobytes that unpacks to more than allowed."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", b" " * (MOST_UNPACKED + 1))
    return out.getvalue()


def crowd() -> bytes:
    """Write an archive with more files than a model has."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(MOST_ENTRIES + 1):
            archive.writestr(str(number), b"")
    return out.getvalue()


def an_archive(schema: bytes, **files: bytes) -> bytes:
    """Write the smallest possible archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {"schema.json": schema, **files}.items():
            archive.writestr(name, content)
    return out.getvalue()


def wide() -> bytes:
    """Write a schema of few objects that uses up the limit of all entries together."""
    return an_archive(b'"' + b" " * (MOST_UNPACKED - 2) + b'"')


def many() -> bytes:
    """Write a schema that is short for the number of objects it creates."""
    return an_archive(b"[" + b"{}," * MOST_VALUES + b"{}]")


def lying() -> bytes:
    """Write a wide schema that the archive's directory declares as ten bytes."""
    true = (MOST_UNPACKED - 2 + 2).to_bytes(4, "little")
    return wide().replace(true, (10).to_bytes(4, "little"))


def with_schema(schema: bytes) -> bytes:
    """Write a model's archive with another schema."""
    return changed(a_forest(), "schema.json", lambda _: schema)


def an_array(name: str) -> dict[str, Any]:
    """Build the node of an array that lies in a file."""
    return {"__class__": "ndarray", "__module__": "numpy", "__loader__": "NdArrayNode", "type": "numpy"} | {
        "file": name
    }


def repeated() -> bytes:
    """Write a list that contains one array over and over, each time under another id."""
    nodes = [{**an_array("a.npy"), "__id__": number} for number in range(100)]
    out = io.BytesIO()
    np.save(out, np.zeros(1 << 17))
    body = {"__class__": "list", "__module__": "builtins", "__loader__": "ListNode", "content": nodes}
    return an_archive(json.dumps({**body, "protocol": 2}).encode(), **{"a.npy": out.getvalue()})


def huge() -> bytes:
    """Write an array that declares more numbers than fit into memory, and has none."""
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        out, {"descr": "<f8", "fortran_order": False, "shape": (1 << 20, 1 << 30)}
    )
    schema = {**an_array("a.npy"), "__id__": 1, "protocol": 2}
    return an_archive(json.dumps(schema).encode(), **{"a.npy": out.getvalue()})


def unusual() -> bytes:
    """Write an archive with a compression that is slow or needs much memory."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("schema.json", b"{}")
    return out.getvalue()


@pytest.mark.parametrize(
    ("written", "words"),
    [
        pytest.param(bomb, "unpacks to more than", id="bomb"),
        pytest.param(crowd, "unpacks to more than", id="crowd"),
        pytest.param(wide, "has a schema that is empty, or larger than 16,777,216 bytes", id="wide-schema"),
        pytest.param(many, "or 524,288 values", id="schema-of-countless-values"),
        pytest.param(lying, "is not a model of format skops/1", id="header-that-lies"),
        pytest.param(repeated, "some of them repeatedly", id="one-file-many-times"),
        pytest.param(huge, "is not a model of format skops/1", id="huge-dimensions"),
        pytest.param(unusual, "compressed or encrypted in a way that skops never uses", id="lzma"),
        pytest.param(lambda: b"PK\x03\x04", "is not a model of format skops/1", id="torn"),
        pytest.param(lambda: b"", "is not a model of format skops/1", id="empty"),
        pytest.param(
            lambda: changed(a_forest(), "schema.json", lambda _: b"[" * 99_999), "is not a model", id="deep"
        ),
        pytest.param(
            lambda: changed(a_forest(), "schema.json", lambda _: b"{}"), "is not a model", id="no-schema"
        ),
    ],
)
def test_a_hostile_archive_is_refused_in_a_sentence(written: Callable[[], bytes], words: str) -> None:
    """It is checked before it is decompressed, and its own claims are not trusted."""
    data = written()
    with pytest.raises(ModelFault, match=words):
        load_model(data, ref(data))


@given(st.data())
def test_a_damaged_archive_is_a_model_or_a_model_fault(data: st.DataObject) -> None:
    """However its bytes are changed, cut or extended, only our own error comes out."""
    good = bytearray(a_forest())
    for place in data.draw(st.lists(st.integers(0, len(good) - 1), min_size=1, max_size=8)):
        good[place] = data.draw(st.integers(0, 255))
    damaged = bytes(good[: data.draw(st.integers(len(good) // 2, len(good)))])
    _scored_or_refused(damaged)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.integers(0, 400), JSON)
def test_any_place_of_the_schema_may_be_wrong(number: int, value: Any) -> None:
    """Whatever the archive says of itself, the result is a model that predicts, or our own error."""

    def change(text: bytes) -> bytes:
        schema = json.loads(text)
        places = list(_places(schema))
        holder, key = places[number % len(places)]
        holder[key] = value
        return json.dumps(schema).encode()

    _scored_or_refused(changed(a_forest(), "schema.json", change))


def _scored_or_refused(data: bytes) -> None:
    try:
        predictions = load_model(data, ref(data)).predict(VALUES)
    except ModelFault:
        return
    assert predictions.anomalies.shape == (len(VALUES),)


def _places(value: Any) -> Any:
    """Yield every holder and key below a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(items):
        yield value, key
        yield from _places(inner)


def test_an_image_without_skops_says_which_one_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lean image scores our own format and says clearly what it lacks for others."""
    monkeypatch.delitem(sys.modules, "scorer.models.skops")
    monkeypatch.setitem(sys.modules, "skops", None)
    with pytest.raises(ModelFault, match="use the scoring image with all requirements"):
        load_model(a_forest(), ref(a_forest()))


def test_a_model_of_our_own_brings_nothing_heavy(tmp_path: Path) -> None:
    """Scoring our format from CSV imports neither scikit-learn nor pandas, skops or pyarrow."""
    script = (
        "import sys, scorer.scoring.score, scorer.scoring.predictions, scorer.readings.files\n"
        "import scorer.models.format as m\n"
        f"m.parse_model(open({str(tmp_path / 'model.json')!r}, 'rb').read())\n"
        "print(sorted({'sklearn', 'skops', 'pandas', 'pyarrow', 'scipy'} & set(sys.modules)))"
    )
    page = (ROOT / "docs" / "model-format.md").read_text()
    (tmp_path / "model.json").write_text(page.split("```json\n")[1].split("```")[0])
    folders = os.pathsep.join(str(ROOT / folder) for folder in ("plugins", "scoring_image"))
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": folders},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"
