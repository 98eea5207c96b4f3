"""Python answers: each function runs in a process of its own, that can hang, exit, print or patch
NumPy without touching the verdict of anything else.
"""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gradaudit.answers.child import decode, encode
from gradaudit.judging.calling import MAX_MESSAGE, Observed, Result
from gradaudit.judging.laws import CannotGoOn
from gradaudit.language.outcomes import NoValue

IMPORT_SECONDS = 10.0
CALL_SECONDS = 5.0
ALL_CALLS_SECONDS = 60.0
EACH_CALL_SECONDS = 0.01  # more of all, for each call: many inputs take long without a fault
MAX_FRAME = 16 * 2**20  # bytes

ROOT = Path(__file__).resolve().parents[2]


class Unreadable(Exception):
    """A file that cannot be read as an answer; the message says why."""


class Process:
    """A child process that has imported an answer. Raises Unreadable where that fails."""

    def __init__(self, path: str, names: Sequence[str]) -> None:
        path_of_packages = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        self.child = subprocess.Popen(
            [sys.executable, "-P", "-m", "gradaudit.answers.child", path, ",".join(names)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path_of_packages, "OMP_NUM_THREADS": "1"},
            start_new_session=True,  # so that whatever it starts ends with it
        )
        self.unread = b""
        try:
            hello = self.receive(IMPORT_SECONDS)
            if "broken" in hello:
                raise Unreadable(f"it cannot be imported: {hello['broken']}")
            self.functions = {str(k): bool(v) for k, v in hello["functions"].items()}
            self.names = [str(name) for name in hello["names"]]
        except CannotGoOn as reason:
            self.close()
            raise Unreadable(f"it cannot be imported: {reason}") from None
        except (KeyError, TypeError, AttributeError):
            self.close()
            raise Unreadable("it cannot be imported: its process sent nonsense") from None
        except BaseException:
            self.close()
            raise

    def ask(self, request: Any) -> Any:
        """Send a request and return the reply. Raises CannotGoOn, after which nothing works."""
        assert self.child.stdin is not None
        try:
            self.child.stdin.write((json.dumps(request) + "\n").encode())
            self.child.stdin.flush()
        except OSError:
            raise CannotGoOn(self._ended()) from None
        return self.receive(CALL_SECONDS)

    def receive(self, seconds: float) -> Any:
        """Return the next frame. Raises CannotGoOn and ends the process where none comes."""
        assert self.child.stdout is not None
        deadline = time.monotonic() + seconds
        while b"\n" not in self.unread:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.child.stdout], [], [], left)[0]:
                self.close()
                raise CannotGoOn(f"it hangs: no answer within {seconds:g} seconds")
            chunk = os.read(self.child.stdout.fileno(), 2**16)
            self.unread += chunk
            if not chunk:
                raise CannotGoOn(self._ended())
            if len(self.unread) > MAX_FRAME:
                self.close()
                raise CannotGoOn("its process sent more than an answer can hold")
        line, _, self.unread = self.unread.partition(b"\n")
        try:
            frame = json.loads(line)
        except (ValueError, RecursionError):
            frame = None
        if not isinstance(frame, dict):
            self.close()
            raise CannotGoOn("its process sent nonsense")
        return frame

    def _ended(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.child.wait(timeout=1)
        self.close()
        return f"it ended its own process (exit code {self.child.returncode})"

    def close(self) -> None:
        """End the process and all that it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.child.pid, signal.SIGKILL)
        for pipe in (self.child.stdin, self.child.stdout):
            with contextlib.suppress(OSError):
                assert pipe is not None
                pipe.close()
        self.child.wait()


class RemoteFunction:
    """A function of an answer, in a process that is started when it is first called."""

    def __init__(self, path: str, name: str, count: int) -> None:
        self.path = path
        self.name = name
        self.count = count
        self.process: Process | None = None
        self.gone = ""
        self.taken = 0.0

    def call(self, arguments: Sequence[Any]) -> list[Result]:
        """Return the results. Raises NoValue or CannotGoOn."""
        return self.observe([arguments]).results[0]

    def observe(self, calls: Sequence[Sequence[Any]]) -> Observed:
        """Call the function on each list of arguments, in order. Raises NoValue or CannotGoOn."""
        if self.gone:
            raise CannotGoOn(self.gone)
        request = {
            "function": self.name,
            "count": self.count,
            "calls": [[encode(argument) for argument in call] for call in calls],
        }
        try:
            self.process = self.process or Process(self.path, [self.name])
            started = time.monotonic()
            reply = self.process.ask(request)
            self.taken += time.monotonic() - started - EACH_CALL_SECONDS * len(calls)
            if self.taken > ALL_CALLS_SECONDS:
                raise CannotGoOn(f"it is slow: over {ALL_CALLS_SECONDS:g} seconds for all calls")
            if "silent" in reply:
                raise NoValue(str(reply["silent"]))
            return _observed(reply, len(calls))
        except (CannotGoOn, Unreadable) as reason:
            self.gone = str(reason)
            self.close()
            raise CannotGoOn(self.gone) from None

    def close(self) -> None:
        """End the process."""
        if self.process is not None:
            self.process.close()
            self.process = None


def _observed(reply: Any, count: int) -> Observed:
    try:
        results = [[decode(one) for one in call] for call in reply["results"]]
        inputs = [[np.asarray(decode(one)) for one in call] for call in reply["inputs"]]
        shared = [((a, b), (c, d)) for (a, b), (c, d) in reply["shared"]]
        held = [
            one
            and (
                bool(one[0]),
                [str(name)[:MAX_MESSAGE] for name in one[1]],
                [decode(result) for result in one[2]],
            )
            for one in reply["held"]
        ]
        if not len(results) == len(inputs) == len(held) == count:
            raise ValueError
    except (KeyError, TypeError, ValueError):
        raise CannotGoOn("its process sent nonsense") from None
    return Observed(results, inputs, shared, held)
