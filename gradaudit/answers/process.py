"""Python answers: each runs in a process of its own, each function in a fork of that, where it can
hang, exit, print or patch NumPy without touching the verdict of anything else. Nothing that comes
back is believed before its form is checked.
"""

import contextlib
import json
import os
import socket
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gradaudit.answers.child import ANSWER, MAX_NAMES, decode, encode
from gradaudit.answers.sandbox import Interpreter, NotStarted, Sandbox, take
from gradaudit.judging.calling import TOGETHER, Held, Observed, Result, shortened
from gradaudit.judging.laws import CannotGoOn
from gradaudit.language.outcomes import NoValue
from gradaudit.questions.files import NO_TEXT, Unreadable, content_of

IMPORT_SECONDS = 10.0
CALL_SECONDS = 5.0
ALL_CALLS_SECONDS = 60.0
EACH_CALL_SECONDS = 0.01  # more of all, for each call: many inputs take long without a fault
MAX_FRAME = 4 * 2**20  # bytes; no reply of the promised form is longer
SLOW = f"it is slow: over {ALL_CALLS_SECONDS:g} seconds for all calls"
NONSENSE = "its process sent nonsense"
NOT_IMPORTED = "it cannot be imported"
Functions = dict[str, list[str] | None]  # what each calls its arguments; None for no function


class Process:
    """A child process that imports a Python answer when it is first needed.

    counts: the functions that are looked for, and how many results each owes. sources: the content
    of its file, by the name ANSWER, and of modules beside it by theirs; else the file is read, and
    modules beside it are found there, unless it is a stranger's.
    """

    def __init__(
        self,
        path: str,
        counts: Mapping[str, int],
        sandbox: Sandbox | None = None,
        sources: Mapping[str, bytes] | None = None,
    ) -> None:
        self.path = path
        self.counts = counts
        self.sandbox = sandbox or Sandbox()
        self.sources = sources
        self.child: Interpreter | None = None
        self.lines: dict[str, socket.socket] = {}
        self.imported: set[str] = set()

    def start(self) -> tuple[Functions, list[str]]:
        """Import the file; return which functions it has, and its names. Raises Unreadable."""
        try:
            sources = self._read()
            self.child = take(self.sandbox)
            self._tell(self.child.control, sources)
            return self._greeted("")
        except BaseException as reason:
            self.close()
            if isinstance(reason, CannotGoOn | NotStarted | Unreadable):
                raise Unreadable(f"{NOT_IMPORTED}: {reason}") from None
            raise

    def _read(self) -> dict[str, str] | None:
        """Return the sources of the answer, None for a module. Raises Unreadable."""
        contents = self.sources
        if contents is None and self.path.endswith(".py"):
            if self.sandbox.strangers and os.path.islink(self.path):
                raise Unreadable("it is a link, which is not followed")
            contents = {ANSWER: content_of(self.path)}
        if contents is None and self.sandbox.strangers:
            raise Unreadable(f"a module is your own code; leave out --sandbox {self.sandbox.rung}")
        if contents is None:
            return None
        if b"\0" in contents.get(ANSWER, b""):  # as where each character has two bytes
            raise Unreadable(NO_TEXT)
        return {name: one.decode("latin-1") for name, one in contents.items()}

    def _tell(self, control: socket.socket, sources: dict[str, str] | None) -> None:
        """Give a process its lines, and tell it of the answer. Raises CannotGoOn."""
        counts = {"": 0, **self.counts}
        folders = []
        if not self.sandbox.strangers and self.sources is None:
            folder = Path(self.path).resolve().parent if sources else Path.cwd()
            folders = [str(folder)]
        told = {"place": self.path, "sources": sources, "counts": counts, "folders": folders}
        with control:
            control.settimeout(IMPORT_SECONDS)
            try:
                for name in counts:
                    self.lines[name], theirs = socket.socketpair()
                    with theirs:
                        socket.send_fds(control, [b"+"], [theirs.fileno()])
                control.sendall(f"{json.dumps(told)}\n".encode())
            except OSError:
                raise CannotGoOn("it ended its own process") from None

    def _greeted(self, name: str) -> tuple[Functions, list[str]]:
        """Let the process of a function import the answer. Raises CannotGoOn."""
        try:
            hello = _hello(_ask(self.lines[name], b"\n", IMPORT_SECONDS), self.counts)
        except ValueError as reason:
            raise CannotGoOn(str(reason)) from None
        self.imported.add(name)
        return hello

    def ask(self, name: str, calls: str, seconds: float, late: str = "") -> dict[str, Any]:
        """Return what a function showed at calls, in JSON. Raises CannotGoOn or Unreadable.

        late: what is said of one that takes longer, if not that it hangs.
        """
        if self.child is None:
            self.start()
        if name not in self.imported:
            self._greeted(name)
        return _ask(self.lines[name], f"{calls}\n".encode(), seconds, late)

    def close(self) -> None:
        """End the process and all that it started."""
        if self.child is not None:
            self.child.close()
            self.child = None
        for line in self.lines.values():
            line.close()
        self.lines.clear()
        self.imported.clear()


def _ask(end: socket.socket, line: bytes, seconds: float, late: str = "") -> dict[str, Any]:
    """Send a line to a process that may send back anything, or nothing; return the one frame.

    Raises CannotGoOn.
    """
    deadline = time.monotonic() + seconds
    received = bytearray()
    try:
        if end.gettimeout() != seconds:  # or it is told so for nothing
            end.settimeout(seconds)
        end.sendall(line)
        while b"\n" not in (chunk := end.recv(2**16)):
            received += chunk
            if not chunk:
                raise CannotGoOn("it ended its own process")
            if len(received) > MAX_FRAME:
                raise CannotGoOn("its process sent more than an answer can hold")
            if (left := deadline - time.monotonic()) <= 0:
                raise TimeoutError
            end.settimeout(left)
        received += chunk
    except TimeoutError:
        raise CannotGoOn(late or f"it hangs: no answer within {seconds:g} seconds") from None
    except OSError:
        raise CannotGoOn("it ended its own process") from None
    first, _, unasked = received.partition(b"\n")
    try:
        frame = json.loads(first)
    except (ValueError, RecursionError):
        frame = None
    if unasked or not isinstance(frame, dict):
        raise CannotGoOn(NONSENSE)
    return frame


def _hello(frame: Any, known: Mapping[str, int]) -> tuple[Functions, list[str]]:
    """Check the first frame. Raises ValueError, which says why there are no functions."""
    match frame:
        case {"broken": str(reason)}:
            raise ValueError(shortened(reason))
        case {"ended": int(code)}:
            raise ValueError(_ended(code))
        case {"functions": dict(functions), "names": list(names)} if (
            functions.keys() <= known.keys()
            and all(one is None or isinstance(one, list) for one in functions.values())
            and all(
                isinstance(one, str) for some in (names, *functions.values()) for one in some or ()
            )
        ):
            own = {one: some and _few(some) for one, some in functions.items()}
            return own, _few(names)
    raise ValueError(NONSENSE)


def _few(names: list[str]) -> list[str]:
    return list(map(shortened, names[:MAX_NAMES]))


def _ended(code: int) -> str:
    return shortened(f"it ended its own process (exit code {code})")


class RemoteFunction:
    """A function of an answer, in the process of that.

    arguments: what it calls them, as far as it says it.
    """

    def __init__(self, process: Process, name: str, arguments: Sequence[str] = ()) -> None:
        self.process = process
        self.name = name
        self.arguments = arguments
        self.gone = ""
        self.taken = 0.0
        self.known: dict[str, list[Result]] = {}

    def call(self, arguments: Sequence[Any]) -> list[Result]:
        """Return the results; the same call is asked for once. Raises NoValue or CannotGoOn."""
        call = json.dumps(list(map(encode, arguments)))
        if call not in self.known:
            self.known[call] = self.observe([arguments]).results[0]
        return self.known[call]

    def foresee(self, calls: Sequence[Sequence[Any]]) -> None:
        """Ask for many calls in few messages, but for the first, which shows whether it hangs.

        One that raises is left to be asked for alone.
        """
        with contextlib.suppress(NoValue, CannotGoOn):
            self.call(calls[0])
        encoded = {json.dumps(list(map(encode, call))): call for call in calls}
        new = [call for call in encoded if call not in self.known]
        for start in range(0, len(new), TOGETHER):
            some = new[start : start + TOGETHER]
            with contextlib.suppress(NoValue, CannotGoOn):
                results = self.observe([encoded[call] for call in some]).results
                self.known.update(zip(some, results, strict=True))

    def observe(self, calls: Sequence[Sequence[Any]]) -> Observed:
        """Call the function on each list of arguments, in order. Raises NoValue or CannotGoOn."""
        if self.gone:
            raise CannotGoOn(self.gone)
        try:
            line = json.dumps([list(map(encode, call)) for call in calls])
            most = CALL_SECONDS * len(calls)
            left = ALL_CALLS_SECONDS + EACH_CALL_SECONDS * len(calls) - self.taken
            if left <= 0:  # as after calls that raised
                raise CannotGoOn(SLOW)
            late = SLOW if left < most else ""
            started = time.monotonic()
            reply = self.process.ask(self.name, line, min(most, left), late)
            self.taken += time.monotonic() - started - EACH_CALL_SECONDS * len(calls)
            found = observed(reply, list(map(len, calls)), self.process.counts[self.name])
            if self.taken > ALL_CALLS_SECONDS:
                raise CannotGoOn(SLOW)
        except (CannotGoOn, Unreadable) as reason:
            self.gone = str(reason)
            self.close()
            raise CannotGoOn(self.gone) from None
        return found

    def close(self) -> None:
        """End the process, which starts again if another function is asked."""
        self.process.close()


def observed(reply: Mapping[str, Any], arguments: Sequence[int], count: int) -> Observed:
    """Return what a reply says. Raises NoValue, or CannotGoOn where it is not of the promised form.

    arguments: how many each call had. count: how many results each owes.
    """
    match reply:
        case {"silent": str(reason)}:
            raise NoValue(shortened(reason))
        case {"ended": int(code)}:
            raise CannotGoOn(_ended(code))
    try:
        results = [list(map(decode, call)) for call in reply["results"]]
        inputs = [[one if one is None else decode(one) for one in call] for call in reply["inputs"]]
        shared = [((a, b), (c, d)) for (a, b), (c, d) in reply["shared"]]
        held = [_held(one, count) if one else None for one in reply["held"]]
    except (KeyError, TypeError, ValueError):
        raise CannotGoOn(NONSENSE) from None
    places = [(k, index) for k, call in enumerate(results) for index in range(len(call))]
    numbers = all(type(k) is type(i) is int for pair in shared for k, i in pair)
    if (
        len(results) == len(held) == len(arguments)
        and all(_formed(call, count) for call in results)
        and list(map(len, inputs)) == list(arguments)
        and numbers
        and {place for pair in shared for place in pair} <= set(places)
    ):
        return Observed(results, inputs, shared, held)
    raise CannotGoOn(NONSENSE)


def _held(sent: Any, count: int) -> Held:
    """Return the results that stood in another form. Raises TypeError or ValueError otherwise."""
    names, results = sent
    if not isinstance(names, list) or not isinstance(results, list):
        raise TypeError
    if len(names) not in (0, len(results)) or not count <= len(results) <= count + 1:
        raise ValueError
    return [shortened(str(name)) for name in names], list(map(decode, results))


def _formed(results: Sequence[Result], count: int) -> bool:
    """Return whether results are as many as are owed, or a phrase that says what there was."""
    return len(results) == count or (len(results) == 1 and isinstance(results[0], str))
