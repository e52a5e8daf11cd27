"""Converting pickled models of other scikit-learn versions: equal labels, and refused pickles."""

from __future__ import annotations

import io
import json
import os
import pickle
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import IsolationForest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM

from scorer.__main__ import main
from scorer.console import Console
from scorer.errors import ModelFault
from scorer.models.format import parse_model
from scorer.models.pickled_svm import Refusal, numbers_of, unpickled
from scorer.models_command.conversion import converted
from scoring_contract.layout import Container
from scoring_contract.messages.invocation import ExitCode

if TYPE_CHECKING:
    from tests.scorer.conftest import Storage

OLD = Path(__file__).parent / "old_models"
ONE, TWO = ("Value",), ("Value", "Pressure")
VALUES = np.random.default_rng(3).normal(10, 2, (200, 1))


def typed(*words: str) -> tuple[int, str, str]:
    """Run ``scorer models`` without any storage."""
    out, err = io.StringIO(), io.StringIO()
    code = main(["models", *words], {}, Console(out, err))
    return code, out.getvalue(), err.getvalue()


@pytest.mark.parametrize("version", ["0.19.2", "0.20.4"])
@pytest.mark.parametrize("ending", [".pkl", ".joblib", ".joblib.gz"])
@pytest.mark.parametrize(("kind", "features"), [("pipeline", ONE), ("svm", TWO)])
def test_a_model_of_long_ago_decides_as_it_did_then(
    kind: str, features: tuple[str, ...], version: str, ending: str
) -> None:
    """Labels equal those of the scikit-learn that fitted it, whose version the file names."""
    file = OLD / f"{kind}-{version}{ending}"
    then = json.loads((OLD / f"{kind}-{version}.json").read_text())
    data = converted(file.read_bytes(), features=features)
    anomalies = parse_model(data).predict(np.array(then["values"])).anomalies
    assert anomalies.any()
    assert np.where(anomalies, -1, 1).tolist() == then["labels"]
    assert json.loads(data)["provenance"]["libraries"]["scikit-learn"] == version


@pytest.mark.parametrize(("kernel", "protocol"), [("rbf", 0), ("linear", 2), ("poly", 4), ("sigmoid", 5)])
def test_a_pickle_of_today_is_converted_too(kernel: str, protocol: int) -> None:
    """With any protocol and kernel; either half of the scaler may be off."""
    estimator = make_pipeline(StandardScaler(with_std=False), OneClassSVM(kernel=kernel, nu=0.1)).fit(VALUES)
    model = parse_model(converted(pickle.dumps(estimator, protocol=protocol), features=ONE))
    assert model.predict(VALUES).anomalies.tolist() == (estimator.predict(VALUES) == -1).tolist()


def test_the_command_writes_a_file_that_can_be_added(storage: Storage, tmp_path: Path) -> None:
    """Given a pickle, ``add`` names the conversion, and the converted model scores."""
    pickled = tmp_path / "old.pkl"
    pickled.write_bytes((OLD / "pipeline-0.19.2.pkl").read_bytes())
    out, err = io.StringIO(), io.StringIO()
    environ = storage.environ({Container.MODELS: "rcw"})
    add = ["models", "add", "1_4", "--device", "1", "--tag", "4"]
    assert main([*add, str(pickled)], environ, Console(out, err)) == ExitCode.MODEL
    assert "the file is a pickle, which could run any code" in err.getvalue()
    assert "models convert FILE --i-trust-this-file" in err.getvalue()
    code, said, _ = typed("convert", str(pickled), "--i-trust-this-file")
    assert (code, said) == (
        ExitCode.SUCCESS,
        f"{pickled}.json: format ocsvm-json/2, same labels as scikit-learn; publish it with 'models add'\n",
    )
    assert main([*add, f"{pickled}.json"], environ, Console(out, err)) == ExitCode.SUCCESS
    assert storage.registry().entry("1_4").current.startswith("added-")


def test_a_pickle_is_not_opened_without_the_option(tmp_path: Path) -> None:
    """The option is long on purpose."""
    pickled = tmp_path / "old.pkl"
    pickled.write_bytes((OLD / "pipeline-0.19.2.pkl").read_bytes())
    code, _, err = typed("convert", str(pickled))
    assert (code, len(err.splitlines())) == (ExitCode.ORDER, 1)
    assert "add --i-trust-this-file" in err
    assert list(tmp_path.iterdir()) == [pickled]


class Evil:
    """An object whose unpickling creates a folder."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.place),)


def hidden_in_an_array(place: Path) -> bytes:
    """Hide a call in an object array of a joblib file, which joblib would unpickle."""
    file = io.BytesIO()
    joblib.dump(np.array([Evil(place)], dtype=object), file)
    return file.getvalue()


@pytest.mark.parametrize("protocol", [0, 4])
def test_a_hostile_pickle_calls_nothing(tmp_path: Path, protocol: int) -> None:
    """A callable in the pickle is refused by name, even with ``--i-trust-this-file``."""
    place = tmp_path / "harm"
    with pytest.raises(ModelFault, match=r"not converted: it uses posix\.mkdir"):
        converted(pickle.dumps(Evil(place), protocol=protocol), features=ONE)
    with pytest.raises(ModelFault, match="not converted: "):
        converted(hidden_in_an_array(place), features=ONE)
    assert not place.exists()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        pytest.param(
            pickle.dumps(IsolationForest(n_estimators=1).fit(VALUES)),
            r"it uses sklearn\.ensemble\._iforest\.IsolationForest; load it where it was fitted and save it",
            id="another-estimator",
        ),
        pytest.param(pickle.dumps(OneClassSVM()), "it is not a fitted OneClassSVM: KeyError", id="unfitted"),
        pytest.param(
            pickle.dumps(make_pipeline(StandardScaler()).fit(VALUES)),
            "it holds StandardScaler, not a OneC",
            id="scaler",
        ),
        pytest.param(pickle.dumps([1, 2]), "it holds list, not a OneClassSVM", id="list"),
        pytest.param(
            pickle.dumps(OneClassSVM().fit(np.ones((9, 2)) * VALUES[:9])),
            "it was fitted on 2 columns, but --features names 1",
            id="two-columns",
        ),
        pytest.param(
            pickle.dumps(OneClassSVM(kernel="precomputed").fit(VALUES @ VALUES.T)),
            "not converted: ",
            id="precomputed",
        ),
        pytest.param(b"\x80\x04", "it is damaged", id="torn"),
        pytest.param(b"", "it is damaged", id="empty"),
        pytest.param(b"\x1f\x8b\x08\x00", "it is compressed and damaged", id="torn-gzip"),
        pytest.param(
            zlib.compress(b"\x00" * (65 << 20), 9), "it decompresses to more than 67108864 bytes", id="bomb"
        ),
        pytest.param(b"\x80\x04(" + b"l(" * 10 + b"I1\n" * 5 + b".", "not converted: ", id="marks"),
    ],
)
def test_what_is_no_support_vector_machine_is_refused_in_a_sentence(data: bytes, sentence: str) -> None:
    """It says what was found and what to do."""
    with pytest.raises(ModelFault, match=sentence):
        converted(data, features=ONE)


@given(st.data())
def test_a_damaged_pickle_is_numbers_or_a_refusal(data: st.DataObject) -> None:
    """However its bytes are changed or cut, the result is plain values or our own error."""
    good = bytearray(
        (OLD / data.draw(st.sampled_from(["pipeline-0.19.2.pkl", "svm-0.20.4.joblib"]))).read_bytes()
    )
    for place in data.draw(st.lists(st.integers(0, len(good) - 1), min_size=1, max_size=6)):
        good[place] = data.draw(st.integers(0, 255))
    try:
        numbers_of(unpickled(bytes(good[: data.draw(st.integers(1, len(good)))])))
    except (Refusal, KeyError, TypeError, ValueError, IndexError):
        return
