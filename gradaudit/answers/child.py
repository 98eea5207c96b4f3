"""The process that a Python answer runs in: it imports the file or module, forks once for each
function, so that none meets what another did, calls what it is asked to, and sends back plain
numbers. It judges nothing. The other end is `gradaudit.answers.process`.

Frames are lines of JSON. The first one says which functions there are, or why there are none. On
the line of a function each one received is a list of calls, each one sent what they showed; the
last says that its process has ended.
"""

import contextlib
import ctypes
import importlib
import importlib.util
import json
import os
import resource
import signal
import sys
import warnings
from collections.abc import Callable, Iterable
from functools import cache
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from gradaudit.judging.calling import MAX_RESULT, describe, observe, shortened
from gradaudit.language.outcomes import NoValue

MAX_MEMORY = 2 * 2**30  # bytes that a process may fill
MAX_CPU = 3_600  # seconds; only where whoever would end it sooner is gone
PR_SET_PDEATHSIG = 1  # of Linux: what ends its parent ends a process too
MAX_NAMES = 200
_KINDS = [np.dtype(order + kind) for order in "<>" for kind in "?bhilqBHILQefd"]
DTYPES = {str(one): one for one in _KINDS}
_name_of = cache(str)  # a dtype, for which NumPy takes longer than for all else


def encode(value: Any) -> Any:
    """Return an array as its dtype, its shape and its bytes; a phrase or a number as it is."""
    if not isinstance(value, np.ndarray | np.generic):
        return value
    return [_name_of(value.dtype), list(value.shape), value.tobytes().hex()]


def decode(sent: Any) -> Any:
    """Return the phrase or the array, read only, that was encoded. Raises ValueError."""
    if type(sent) is str:
        return shortened(sent)
    dtype, shape, data = sent if type(sent) is list and len(sent) == 3 else ("", [], "")
    if type(dtype) is str and dtype in DTYPES and type(shape) is list and type(data) is str:
        sizes = [size for size in shape if type(size) is int and 0 <= size <= MAX_RESULT]
        if sizes == shape:
            return np.frombuffer(bytes.fromhex(data), DTYPES[dtype]).reshape(shape)
    raise ValueError


def main() -> None:
    """Serve the functions of a file, each on a line of its own; the file gets no stream."""
    place, lines = sys.argv[1], json.loads(sys.argv[2])
    hello = _writing(lines.pop("")[0])
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    for name in [name for name in sys.modules if name.split(".")[0] == "gradaudit"]:
        del sys.modules[name]  # a file beside the answer may have the same name
    _limit()
    try:
        module = _imported(place)
    except (Exception, SystemExit) as error:
        _send(hello, {"broken": _where(error, place) + describe(error)})
        return
    found = {name: callable(module[name]) for name in lines if name in module}
    names = [shortened(name) for name in list(module)[:MAX_NAMES] if type(name) is str]
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # or nobody hears how a worker ended
    workers = {}
    for name in [name for name, is_function in found.items() if is_function]:
        line, count = lines[name]
        if not (worker := os.fork()):
            others = {hello.fileno(), *(other for other, _ in lines.values())} - {line}
            _serve(line, others, module[name], count)
        workers[worker] = _writing(line)
    _send(hello, {"functions": found, "names": names})
    while workers:
        worker, status = os.wait()
        if worker in workers:
            _send(workers.pop(worker), {"ended": os.waitstatus_to_exitcode(status)})


def _limit() -> None:
    """Bound what a process may take, and end it with what started it, where that can be said."""
    for what, most in ((resource.RLIMIT_DATA, MAX_MEMORY), (resource.RLIMIT_CPU, MAX_CPU)):
        _, hard = resource.getrlimit(what)
        soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (soft, hard))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _imported(place: str) -> dict[str, Any]:
    """Import a file or a module as `import` would, leaving no compiled file; return its names."""
    is_file = place.endswith(".py")
    sys.path.insert(0, str(Path(place).resolve().parent) if is_file else os.getcwd())
    sys.argv[:] = [place]
    sys.dont_write_bytecode = True
    warnings.simplefilter("ignore")  # there is nobody to read them
    if not is_file:
        with np.errstate(all="ignore"):
            return vars(importlib.import_module(place))
    loader = SourceFileLoader("answer", place)
    spec = importlib.util.spec_from_loader("answer", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["answer"] = module
    with np.errstate(all="ignore"):
        loader.exec_module(module)
    return vars(module)


def _serve(line: int, others: Iterable[int], function: Callable[..., Any], count: int) -> None:
    """Answer on a line until it ends, and with it this process, which can't write on others."""
    try:
        _limit()
        for other in others:
            os.close(other)
        with open(line, encoding="ascii") as asked, _writing(line) as told:
            for calls in asked:
                _send(told, _shown(function, count, json.loads(calls)))
    finally:
        os._exit(1)  # nothing that the file left to do at its end is done here


def _shown(function: Callable[..., Any], count: int, calls: list[list[Any]]) -> Any:
    try:
        seen = observe(function, count, [[_argument(sent) for sent in call] for call in calls])
    except NoValue as reason:
        return {"silent": str(reason)}
    results, after = ([list(map(encode, a)) for a in b] for b in (seen.results, seen.inputs))
    both = zip(after, calls, strict=True)
    inputs = [[None if a == b else a for a, b in zip(*one, strict=True)] for one in both]
    held = [one and [one[0], list(map(encode, one[1]))] for one in seen.held]
    return {"results": results, "inputs": inputs, "shared": seen.shared, "held": held}


def _argument(sent: Any) -> Any:
    """Return an array or a number that a function may keep and change."""
    if not isinstance(sent, list):
        return sent
    array = decode(sent).copy()
    return array if array.ndim else array[()]  # a view, which can't be resized


def _where(error: BaseException, place: str) -> str:
    """Return the line of the answer's file where an exception came from, if it did."""
    line = error.lineno if isinstance(error, SyntaxError) else None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == place:
            line = trace.tb_lineno
        trace = trace.tb_next
    return f"line {line}: " if line else ""


def _writing(line: int) -> TextIO:
    return open(line, "w", encoding="ascii", closefd=False)


def _send(told: TextIO, frame: Any) -> None:
    with contextlib.suppress(BrokenPipeError):
        told.write(json.dumps(frame) + "\n")
        told.flush()


if __name__ == "__main__":
    main()
