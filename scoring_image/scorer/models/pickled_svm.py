"""Reads the numbers of a pickled support vector machine, without building the objects that the pickle names.

A program: the pickle on stdin, JSON on stdout (``conversion.py`` runs it). A pickle names the callables to
call; here each name resolves to a harmless stand-in or is refused, as the standard library's manual
recommends (https://docs.python.org/3/library/pickle.html#restricting-globals). It does not use scikit-learn,
so the version that fitted the model does not matter. As a second line of defence, the process has no
environment, cannot write files, and is limited in memory and time.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import math
import pickle
import resource
import sys
import zlib
from typing import IO, Any, ClassVar

import numpy as np

MOST_UNPACKED = 64 << 20
"""Limit of a pickle's decompressed bytes."""
_MOST_MEMORY = 2 << 30
_MOST_SECONDS = 60
_OPENERS: dict[bytes, Any] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ": lzma.open,
}
_ESTIMATORS = {
    ("sklearn.pipeline", "Pipeline"),
    ("sklearn.preprocessing.data", "StandardScaler"),
    ("sklearn.preprocessing._data", "StandardScaler"),
    ("sklearn.svm.classes", "OneClassSVM"),
    ("sklearn.svm._classes", "OneClassSVM"),
}


class Refusal(Exception):
    """The pickle is not a model that can be converted; the text says why."""


class Holder:
    """Stand-in for an object of a class that is not built: the object's pickled state."""

    def __init__(self, *_: object) -> None:
        self.state: dict[str, Any] = {}

    def __setstate__(self, state: object) -> None:
        """Keep the state."""
        if not isinstance(state, dict):
            raise Refusal(f"the state of a {type(self).__name__} is not a dictionary")
        self.state = state


class Wrapper(Holder):
    """Stand-in for joblib's ``NumpyArrayWrapper``: an array whose bytes follow in the file."""

    def read(self, file: IO[bytes]) -> np.ndarray[Any, Any]:
        """Read the array.

        :raises Refusal: if it holds objects or is too large
        """
        dtype, shape = np.dtype(self.state["dtype"]), tuple(map(int, self.state["shape"]))
        if dtype.hasobject:
            raise Refusal("an array holds objects")
        if self.state.get("numpy_array_alignment_bytes"):
            file.read(file.read(1)[0])
        size = math.prod(shape) * dtype.itemsize
        if not 0 <= size <= MOST_UNPACKED:
            raise Refusal(f"an array is too large: its shape is {shape}")
        data = np.frombuffer(file.read(size), dtype)
        return data.reshape(shape[::-1]).T if self.state.get("order") == "F" else data.reshape(shape)


_InPython: Any = pickle._Unpickler  # noqa: SLF001  # as joblib does: the C unpickler cannot stop for an array


class Unpickler(_InPython):  # type: ignore[misc]  # the standard library's stubs do not know it
    """Builds plain values, arrays, and stand-ins for the few classes of a OneClassSVM and its pipeline."""

    dispatch: ClassVar[dict[int, Any]] = dict(_InPython.dispatch)

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file, encoding="latin1")  # for numpy arrays pickled by Python 2
        self.file = file

    def load_build(self) -> None:
        """Replace joblib's wrapper of an array by the array."""
        super().load_build()
        if isinstance(self.stack[-1], Wrapper):
            self.stack.append(self.stack.pop().read(self.file))

    def find_class(self, module: str, name: str) -> Any:
        """Return the stand-in for a name.

        :raises Refusal: if there is none
        """
        if (module, name) in _ESTIMATORS:
            return type(name, (Holder,), {})
        if name == "NumpyArrayWrapper" and module.endswith("joblib.numpy_pickle"):
            return Wrapper
        if (stand_in := _STAND_INS.get((module.replace("numpy._core", "numpy.core"), name))) is None:
            raise Refusal(f"it uses {module}.{name}")
        return stand_in


Unpickler.dispatch[pickle.BUILD[0]] = Unpickler.load_build


def _encoded(text: str, encoding: str = "latin1") -> bytes:
    if encoding != "latin1":
        raise Refusal(f"it uses the encoding {encoding}")
    return text.encode(encoding)


def _reconstructed(kind: type, *_: object) -> object:
    if not issubclass(kind, Holder):
        raise Refusal(f"it reconstructs a {kind.__name__}")
    return kind()


def _from_buffer(data: bytes, dtype: Any, shape: tuple[int, ...], order: Any) -> np.ndarray[Any, Any]:
    return np.frombuffer(data, dtype).reshape(shape, order=order)


_STAND_INS: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("numpy.core.multiarray", "_reconstruct"): lambda _kind, _shape, _code: np.ndarray((0,), "b"),
    ("numpy.core.multiarray", "scalar"): lambda dtype, data: np.frombuffer(data, dtype)[0],
    ("numpy.core.numeric", "_frombuffer"): _from_buffer,
    ("_codecs", "encode"): _encoded,
    ("copyreg", "_reconstructor"): _reconstructed,
    ("copy_reg", "_reconstructor"): _reconstructed,
    ("__builtin__", "bytes"): bytes,  # protocol 2 calls it for an empty one
    ("builtins", "object"): object,
    ("__builtin__", "object"): object,
}


def unpickled(data: bytes) -> Any:
    """Return the content of a pickle or a joblib file as plain values, arrays and :class:`Holder` objects.

    :raises Refusal: if it holds anything else
    """
    file = io.BytesIO(_unpacked(data))
    try:
        return Unpickler(file).load()
    except Refusal:
        raise
    except Exception as error:  # a pickle is a program: it can go wrong in any way
        raise Refusal(f"it is damaged: {type(error).__name__}: {error}"[:300]) from error


def numbers_of(root: Any) -> dict[str, Any]:
    """Extract the numbers of a OneClassSVM, alone or in a pipeline after a StandardScaler.

    :param root: as :func:`unpickled` returns it
    :raises Refusal: if it is anything else
    """
    steps = [step for _, step in root.state["steps"]] if _is(root, "Pipeline") else [root]
    *scalers, svm = steps
    if not _is(svm, "OneClassSVM") or [type(each).__name__ for each in scalers] not in (
        [],
        ["StandardScaler"],
    ):
        found = ", ".join(type(step).__name__ for step in steps)
        raise Refusal(f"it holds {found}, not a OneClassSVM, alone or after a StandardScaler")
    state = svm.state
    return {
        "scaler": _scaling(scalers[0].state) if scalers else None,
        "kernel": {
            "name": state["kernel"],
            "gamma": float(state["_gamma"]),
            "coef0": float(state["coef0"]),
            "degree": int(state["degree"]),
        },
        "support_vectors": np.asarray(state["support_vectors_"], "f8").tolist(),
        "coefficients": np.asarray(state["dual_coef_"], "f8").reshape(-1).tolist(),
        "intercept": float(np.asarray(state["intercept_"], "f8").reshape(-1)[0]),
        "scikit-learn": str(state.get("_sklearn_version", "before 0.18")),
    }


def _scaling(state: dict[str, Any]) -> dict[str, list[float] | None]:
    has = {"mean": state["with_mean"], "scale": state["with_std"]}
    return {name: np.asarray(state[f"{name}_"], "f8").tolist() if has[name] else None for name in has}


def _is(value: Any, name: str) -> bool:
    return isinstance(value, Holder) and type(value).__name__ == name


def _unpacked(data: bytes) -> bytes:
    opener = next((each for magic, each in _OPENERS.items() if data.startswith(magic)), None)
    try:
        if opener:
            data = opener(io.BytesIO(data)).read(MOST_UNPACKED + 1)
        elif data[:1] == b"\x78":
            data = zlib.decompressobj().decompress(data, MOST_UNPACKED + 1)
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise Refusal(f"it is compressed and damaged: {error}") from error
    if len(data) > MOST_UNPACKED:
        raise Refusal(f"it decompresses to more than {MOST_UNPACKED} bytes")
    return data


def _bound_this_process() -> None:
    for what, most in (
        (resource.RLIMIT_AS, _MOST_MEMORY),
        (resource.RLIMIT_CPU, _MOST_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def main() -> int:
    """Read the pickle from stdin; write JSON to stdout and return 0, or the reason of a refusal and 1."""
    _bound_this_process()
    try:
        answer = json.dumps(numbers_of(unpickled(sys.stdin.buffer.read())))
    except Refusal as refusal:
        sys.stdout.write(str(refusal))
        return 1
    except (KeyError, TypeError, ValueError, IndexError) as error:
        sys.stdout.write(f"it is not a fitted OneClassSVM: {type(error).__name__}: {error}")
        return 1
    sys.stdout.write(answer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
