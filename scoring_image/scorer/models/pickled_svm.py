"""The numbers of a pickled support vector machine, read without building what the pickle names.

A program of its own: the pickle on stdin, JSON on stdout (``conversion.py`` runs it). A pickle says which
callables to call; here each name leads to a harmless stand-in or to a refusal, as the standard library's
manual recommends (https://docs.python.org/3/library/pickle.html#restricting-globals). No scikit-learn is
needed, so the version that fitted the model does not matter. Should a name lead somewhere after all, the
process has no environment, can write no file, and its memory and time are bounded.
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
"""Bytes of a pickle once it is unpacked."""
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
    """The pickle is not what we read; the text says why."""


class Holder:
    """Stands for an object of a class that is named and not built: its state, as it was pickled."""

    def __init__(self, *_: object) -> None:
        self.state: dict[str, Any] = {}

    def __setstate__(self, state: object) -> None:
        """Keep the state."""
        if not isinstance(state, dict):
            raise Refusal(f"the state of a {type(self).__name__} is no dictionary")
        self.state = state


class Wrapper(Holder):
    """Stands for joblib's note of an array, whose bytes follow in the file."""

    def read(self, file: IO[bytes]) -> np.ndarray[Any, Any]:
        """Read the array that follows."""
        dtype, shape = np.dtype(self.state["dtype"]), tuple(map(int, self.state["shape"]))
        if dtype.hasobject:
            raise Refusal("an array holds objects")
        if self.state.get("numpy_array_alignment_bytes"):
            file.read(file.read(1)[0])
        size = math.prod(shape) * dtype.itemsize
        if not 0 <= size <= MOST_UNPACKED:
            raise Refusal(f"an array has the shape {shape}")
        data = np.frombuffer(file.read(size), dtype)
        return data.reshape(shape[::-1]).T if self.state.get("order") == "F" else data.reshape(shape)


_InPython: Any = pickle._Unpickler  # noqa: SLF001  # as joblib does: the one in C cannot stop for an array


class Unpickler(_InPython):  # type: ignore[misc]  # the standard library's stubs do not know it
    """Builds plain values, arrays, and holders for the few classes that a model of ours is made of."""

    dispatch: ClassVar[dict[int, Any]] = dict(_InPython.dispatch)

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file, encoding="latin1")  # which numpy's arrays of Python 2 need
        self.file = file

    def load_build(self) -> None:
        """Put an array in the place of joblib's note of it."""
        super().load_build()
        if isinstance(self.stack[-1], Wrapper):
            self.stack.append(self.stack.pop().read(self.file))

    def find_class(self, module: str, name: str) -> Any:
        """Return the stand-in for a name.

        :raises Refusal: naming it if there is none
        """
        if (module, name) in _ESTIMATORS:
            return type(name, (Holder,), {})
        if name == "NumpyArrayWrapper" and module.endswith("joblib.numpy_pickle"):
            return Wrapper
        if (stand_in := _STAND_INS.get((module.replace("numpy._core", "numpy.core"), name))) is None:
            raise Refusal(f"it names {module}.{name}")
        return stand_in


Unpickler.dispatch[pickle.BUILD[0]] = Unpickler.load_build


def _encoded(text: str, encoding: str = "latin1") -> bytes:
    if encoding != "latin1":
        raise Refusal(f"it encodes in {encoding}")
    return text.encode(encoding)


def _reconstructed(kind: type, *_: object) -> object:
    if not issubclass(kind, Holder):
        raise Refusal(f"it makes a {kind.__name__} anew")
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
    ("__builtin__", "bytes"): bytes,  # how protocol 2 writes an empty one
    ("builtins", "object"): object,
    ("__builtin__", "object"): object,
}


def unpickled(data: bytes) -> Any:
    """Return what a pickle or a joblib file holds, as plain values, arrays and holders.

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
    """Take the numbers out of an SVM, or of a pipeline of a scaler and an SVM.

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
        raise Refusal(f"it is packed and damaged: {error}") from error
    if len(data) > MOST_UNPACKED:
        raise Refusal(f"it unpacks to more than {MOST_UNPACKED} bytes")
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
    """Read stdin, answer on stdout; the code says whether the answer is numbers or a sentence."""
    _bound_this_process()
    try:
        answer = json.dumps(numbers_of(unpickled(sys.stdin.buffer.read())))
    except Refusal as refusal:
        sys.stdout.write(str(refusal))
        return 1
    except (KeyError, TypeError, ValueError, IndexError) as error:
        sys.stdout.write(f"it lacks what a fitted OneClassSVM has: {type(error).__name__}: {error}")
        return 1
    sys.stdout.write(answer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
