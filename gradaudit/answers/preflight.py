"""Which sandbox runs Python answers: the best one that is proven, by trying what it forbids."""

import os
import socket
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from shutil import which

import numpy as np

from gradaudit.answers import probe
from gradaudit.answers.child import ANSWER
from gradaudit.answers.process import NOT_IMPORTED, Process, RemoteFunction
from gradaudit.answers.sandbox import RUNGS, Sandbox
from gradaudit.judging.laws import CannotGoOn
from gradaudit.language.outcomes import NoValue
from gradaudit.questions.files import Unreadable
from gradaudit.questions.reading import LIBRARY


@dataclass
class _Wanted:
    name: str = "auto"
    strangers: bool = False


_wanted = _Wanted()


def contain(name: str = "auto", *, strangers: bool = False) -> None:
    """Say what answers are contained by, from here on: auto, one of RUNGS, or none.

    strangers: where nothing contains them, none is run; so it is if a sandbox is named. One's own
    code is contained as far as it can be.
    """
    _wanted.name = name
    _wanted.strangers = strangers or name in RUNGS


@contextmanager
def strangers_contained(name: str) -> Iterator[None]:
    """Say for a while what strangers' answers are contained by, see `contain`."""
    before = _wanted.name, _wanted.strangers
    contain(name, strangers=True)
    try:
        yield
    finally:
        _wanted.name, _wanted.strangers = before


def chosen() -> Sandbox:
    """Return what the next answer is to be started in. Raises Unreadable."""
    if _wanted.name == "none":
        return Sandbox()
    names = RUNGS if _wanted.name == "auto" else (_wanted.name,)
    for name in names:
        if not fault_of(sandbox := Sandbox(name, _wanted.strangers)):
            return sandbox
    if not _wanted.strangers:
        return Sandbox()
    remedy = "let bubblewrap use user namespaces" if which("bwrap") else "install bubblewrap"
    why = f"{_faults(names)}; {remedy}, or run it with your rights by --sandbox none"
    raise Unreadable(f"it is not run, since no sandbox holds it: {why}")


def _faults(names: Iterable[str]) -> str:
    found = {name: fault_of(Sandbox(name, _wanted.strangers)) for name in names}
    return "; ".join(f"{name}: {fault}" for name, fault in found.items())


@cache
def fault_of(sandbox: Sandbox) -> str:
    """Return why a sandbox does not contain an answer, as one that tries has shown, or nothing."""
    source = Path(probe.__file__).read_bytes()
    process = Process(probe.__file__, {"succeeding": 1}, sandbox, {ANSWER: source})
    try:
        process.start()  # before all else, since it may not be there
        with (
            tempfile.TemporaryDirectory() as folder,
            socket.create_server(("127.0.0.1", 0)) as server,
        ):
            Path(folder, "secret").touch()
            opened = os.readlink(f"/proc/self/fd/{server.fileno()}")
            port, library = server.getsockname()[1], str(next(LIBRARY.glob("*.toml")))
            given = (folder, port, os.getpid(), opened, library)
            tried = list(probe.tries(*given))[: None if sandbox.strangers else probe.OF_ANYONE]
            (found,) = RemoteFunction(process, "succeeding").call((len(tried), *given))
    except (CannotGoOn, NoValue, Unreadable, OSError) as reason:
        return str(reason).removeprefix(f"{NOT_IMPORTED}: ")
    finally:
        process.close()
    assert isinstance(found, np.ndarray)
    able = [name for name, can in zip(tried, found, strict=True) if can]
    return f"an answer can {', '.join(able)}" if able else ""


def told() -> str:
    """Return how answers are contained, for a person."""
    try:
        sandbox = chosen()
    except Unreadable as reason:
        return f"of Python: {reason}"
    if sandbox.rung != "none":
        seen = "sees no file" if sandbox.strangers else "sees your files"
        return f"Python runs in a sandbox ({sandbox.rung}): it {seen}, writes none, reaches nobody"
    why = "" if _wanted.name == "none" else f": {_faults(RUNGS)}"
    return f"Python runs with your rights{why}"
