"""The process that a Python answer runs in: it imports the file, calls what it is asked to, and
sends back plain numbers. It judges nothing. The other end is `gradaudit.answers.process`.

Frames are lines of JSON. The first one sent says which functions there are, or why there are
none. Then each line received is a list of calls, and each line sent what they showed.
"""

import contextlib
import importlib.util
import json
import os
import sys
import warnings
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from gradaudit.judging.calling import Observed, Result, describe, observe
from gradaudit.language.outcomes import NoValue


def encode(value: Any) -> Any:
    """Return an array, a number or a phrase as plain JSON."""
    if isinstance(value, str):
        return {"phrase": value}
    if isinstance(value, bool | int):
        return {"int": int(value)}
    if isinstance(value, float) and not isinstance(value, np.floating):
        return {"float": value}
    array = np.asarray(value)
    if array.dtype.kind == "c":
        return {"phrase": f"dtype {array.dtype}"}
    return {"dtype": str(array.dtype), "shape": array.shape, "data": array.ravel().tolist()}


def decode(sent: Any) -> Any:
    """Return what `encode` was given. Raises ValueError, KeyError or TypeError for other JSON."""
    for kind, read in (("phrase", str), ("int", int), ("float", float)):
        if kind in sent:
            return read(sent[kind])
    return np.array(sent["data"], dtype=np.dtype(sent["dtype"])).reshape(sent["shape"])[()]


def main() -> None:
    """Serve the functions of a file over the standard streams, which the file does not get."""
    path, names = Path(sys.argv[1]), sys.argv[2].split(",")
    asked = os.fdopen(os.dup(0), "r", encoding="utf-8")
    told = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    for name in [name for name in sys.modules if name.split(".")[0] == "gradaudit"]:
        del sys.modules[name]  # a file beside the answer may have the same name
    try:
        module = _imported(path)
    except (Exception, SystemExit) as error:
        _send(told, {"broken": _where(error, path) + describe(error)})
        return
    found = {name: "function" if callable(module[name]) else "" for name in names if name in module}
    _send(told, {"functions": found, "names": [str(name) for name in module][:200]})
    for line in asked:
        request = json.loads(line)
        _send(told, _serve(module[request["function"]], request))


def _imported(path: Path) -> dict[str, Any]:
    """Import a file as `import` would, leaving no compiled file behind, and return its names."""
    sys.path.insert(0, str(path.resolve().parent))
    sys.argv[:] = [str(path)]
    sys.dont_write_bytecode = True
    warnings.simplefilter("ignore")  # there is nobody to read them
    loader = SourceFileLoader("answer", str(path))
    spec = importlib.util.spec_from_loader("answer", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["answer"] = module
    with np.errstate(all="ignore"):
        loader.exec_module(module)
    return vars(module)


def _serve(function: Callable[..., Any], request: Any) -> Any:
    calls = [[decode(argument) for argument in call] for call in request["calls"]]
    try:
        seen: Observed = observe(function, request["count"], calls)
    except NoValue as reason:
        return {"silent": str(reason)}
    results: list[list[Result]] = seen.results
    return {
        "results": [[encode(one) for one in call] for call in results],
        "inputs": [[encode(one) for one in call] for call in seen.inputs],
        "shared": seen.shared,
        "held": [
            one and [one[0], one[1], [encode(result) for result in one[2]]] for one in seen.held
        ],
    }


def _where(error: BaseException, path: Path) -> str:
    """Return the line of the answer's file where an exception came from, if it did."""
    line = error.lineno if isinstance(error, SyntaxError) else None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return f"line {line}: " if line else ""


def _send(told: TextIO, frame: Any) -> None:
    with contextlib.suppress(BrokenPipeError):
        told.write(json.dumps(frame) + "\n")
        told.flush()


if __name__ == "__main__":
    main()
