"""The process that a Python answer runs in: it is told of a file or a module, forks once for each
function, so that none meets what another did, calls what it is asked to, and sends back plain
numbers. It judges nothing. The other end is `gradaudit.answers.process`.

Frames are lines of JSON. On each line an empty one asks which functions there are, or why there are
none; on that of a function any other is a list of calls, and is answered by what they showed. The
last one sent says that its process has ended.
"""

import contextlib
import importlib
import importlib.abc
import json
import os
import signal
import socket
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib.machinery import ModuleSpec
from importlib.util import decode_source, spec_from_file_location
from types import CodeType
from typing import Any, TextIO

import numpy as np

from gradaudit.answers import sealing
from gradaudit.judging.calling import MAX_RESULT, describe, observe, own_arguments, shortened
from gradaudit.language.outcomes import NoValue

MAX_NAMES = 200
ANSWER = "__answer__"  # what the module of a file is called, and no file beside it
Sources = tuple[tuple[str, str], ...] | None  # by name; see `Handed`
Answer = tuple[str, Sources, tuple[str, ...]]  # its place, those, and where modules are found
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
    """Get ready, be told of an answer, and serve its functions, each on a line of its own.

    How this process is contained is its first argument, in JSON. Until it is ready it says what is
    wrong on its error stream.
    """
    how = json.loads(sys.argv[1])
    sys.path[:] = [place for place in sys.path if place not in how["ours"]]
    for name in [name for name in sys.modules if name.split(".")[0] == "gradaudit"]:
        del sys.modules[name]  # a file beside the answer may have the same name
    try:
        sealing.limit()
        if how["fence"] is not None:
            sealing.fence(**how["fence"])
    except sealing.NotSealed as reason:
        sys.exit(str(reason))
    control = socket.socket(fileno=how["control"])
    control.sendall(b"+")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # the answer gets none
        os.dup2(nowhere, stream)
    os.close(nowhere)
    told, lines = _received(control)
    sources = told["sources"] and tuple(told["sources"].items())
    answer = (told["place"], sources, tuple(told["folders"]))
    if not how["strangers"]:  # whose functions each import it, so that none has to start a process
        if how["sealed"]:
            sealing.seal()
        _imported(*answer)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # or nobody hears how a worker ended
    workers = {}
    for name, line in lines.items():
        if not (worker := os.fork()):
            for other in {control.fileno(), *lines.values()} - {line}:
                os.close(other)
            _serve(line, told["counts"], name, answer, how)
        workers[worker] = _writing(line)
    while workers:
        worker, status = os.wait()
        if worker in workers:
            _send(workers.pop(worker), {"ended": os.waitstatus_to_exitcode(status)})


def _received(control: socket.socket) -> tuple[dict[str, Any], dict[str, int]]:
    """Return what this process is told of an answer, and the line of each function.

    The lines come first, each with a byte of its own; then a line of JSON. Without, this ends.
    """
    lines: list[int] = []
    first, passed, _, _ = socket.recv_fds(control, 1, 1)
    while passed:
        lines += passed
        first, passed, _, _ = socket.recv_fds(control, 1, 1)
    if not first:
        sys.exit()
    with control.makefile("rb") as rest:
        told = json.loads(first + rest.readline())
    return told, dict(zip(told["counts"], lines, strict=True))


@cache
def _imported(place: str, sources: Sources, folders: tuple[str, ...]) -> tuple[dict[str, Any], str]:
    """Import a file or a module as `import` would, leaving no compiled file.

    Returns its names, and why there are none. sources: see `Handed`; without, it is a module.
    """
    sys.path[:0] = folders
    sys.argv[:] = [place]
    sys.dont_write_bytecode = True
    warnings.simplefilter("ignore")  # there is nobody to read them
    if sources is not None:
        sys.meta_path.insert(0, Handed(place, dict(sources)))
    try:
        name = place if sources is None else _module_of(place, dict(sources))
        with np.errstate(all="ignore"):
            return vars(importlib.import_module(name)), ""
    except (Exception, SystemExit) as error:
        return {}, _where(error, place) + describe(error)


def _module_of(place: str, sources: Mapping[str, str]) -> str:
    """Return what the file of an answer is imported as: in a package, a module of that."""
    name = place.removesuffix(".py").replace("/", ".")
    return name if "." in name and sources.get(name) == sources[ANSWER] else ANSWER


class Handed(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Finds modules among sources that were handed over, wherever their files are.

    sources: by name, each character a byte, since a file says itself how it is encoded.
    """

    def __init__(self, place: str, sources: Mapping[str, str]) -> None:
        self.sources = sources
        self.files = {name: f"{name.replace('.', '/')}.py" for name in sources} | {ANSWER: place}

    def find_spec(self, name: str, path: object, target: object = None) -> ModuleSpec | None:
        """Return where a module comes from, if it was handed over."""
        if name not in self.sources:
            return None
        return spec_from_file_location(name, self.files[name], loader=self)

    def get_code(self, fullname: str) -> CodeType:
        """Return a module, compiled. Raises SyntaxError or ValueError."""
        source = self.sources[fullname].encode("latin-1")
        return compile(source, self.files[fullname], "exec", dont_inherit=True)

    def get_source(self, fullname: str) -> str:
        """Return the text of a module, as in a traceback."""
        return decode_source(self.sources[fullname].encode("latin-1"))

    def is_package(self, fullname: str) -> bool:
        """Return whether other modules are within a module."""
        return any(name.startswith(f"{fullname}.") for name in self.sources)


def _serve(line: int, counts: Mapping[str, int], name: str, answer: Answer, how: Any) -> None:
    """Answer on the line of a function until it ends, and with it this process."""
    try:
        sealing.limit(how["strangers"])
        if how["sealed"] and how["strangers"]:
            sealing.seal(strangers=True)
        with open(line, encoding="ascii") as asked, _writing(line) as told:
            for calls in asked:
                names, broken = _imported(*answer)
                if calls == "\n":
                    _send(told, _hello(counts, names, broken))
                else:
                    _send(told, _shown(names[name], counts[name], json.loads(calls)))
    finally:
        os._exit(1)  # nothing that the file left to do at its end is done here


def _hello(wanted: Iterable[str], names: Mapping[Any, Any], broken: str) -> Any:
    """Return what there is of the functions that are wanted, and of other names."""
    if broken:
        return {"broken": broken}
    there = {name: names[name] for name in wanted if name in names}
    functions = {name: own_arguments(one) if callable(one) else None for name, one in there.items()}
    texts = [shortened(name) for name in list(names)[:MAX_NAMES] if type(name) is str]
    return {"functions": functions, "names": texts}


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
