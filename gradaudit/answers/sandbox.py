"""What the process of a Python answer is started in, so that it can do little but compute.

A sandbox is for strangers' code, which sees Python, NumPy and SciPy and no file of anybody, or for
one's own, which sees all that one can see; neither writes, nor reaches anybody. `docs/sandbox.md`
says what is promised. Which sandbox there is, `gradaudit.answers.preflight` finds out.
"""

import atexit
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

RUNGS = ("bubblewrap", "landlock")  # the better one first
ROOT = Path(__file__).resolve().parents[2]
CHILD = "gradaudit.answers.child"
SHIPPED = (  # all that a stranger's process has of us
    "gradaudit/answers/child.py",
    "gradaudit/answers/sealing.py",
    "gradaudit/judging/calling.py",
    "gradaudit/language/outcomes.py",
)
OURS, THEIRS = "/judge", "/packages"  # where those and NumPy are in a file system made for them
LIBRARIES = ("/usr/lib", "/usr/lib64", "/lib", "/lib64")
LINKERS = ("/etc/ld.so.cache", "/etc/alternatives")  # where some libraries are found
DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")
SCRATCH = str(16 * 2**20)  # bytes of a private folder
SHARED = "/dev/shm"
LAST = ("--remount-ro", "/")
START_SECONDS = 60.0  # of an interpreter with NumPy, before it is told of an answer
SAME = {"PYTHONHASHSEED": "0", "PYTHONUTF8": "1", "OMP_NUM_THREADS": "1"}
KEPT = ("LD_LIBRARY_PATH", "PYTHONHOME")  # of the environment, or Python may not start
BUBBLEWRAP = (
    *("--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-net"),
    *("--unshare-uts", "--unshare-cgroup-try", "--cap-drop", "ALL"),
    *("--die-with-parent", "--as-pid-1"),  # what ends the first process ends all of them
)
EVERYTHING = (
    *("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"),
    *("--size", SCRATCH, "--tmpfs", SHARED, "--remount-ro", "/dev"),
)


class NotStarted(Exception):
    """A process could not be started; the message says why."""


@dataclass(frozen=True)
class Sandbox:
    """What a process is started in.

    rung: one of RUNGS, or none. strangers: whether it is for code that nobody vouches for.
    """

    rung: str = "none"
    strangers: bool = False

    def words(self, control: int) -> list[str]:
        """Return the command that starts an interpreter, which is told of an answer by a socket.

        Raises NotStarted.
        """
        python, paths, wrapped, fence = [sys.executable, "-P"], list[str](), list[str](), None
        if self.strangers:
            python = [_interpreter(), "-P", "-S"]
            paths = [str(ROOT), *dict.fromkeys(str(one.parent) for one in _packages())]
        if self.rung == "bubblewrap":
            if not (bwrap := shutil.which("bwrap")):
                raise NotStarted("bwrap is not installed")
            wrapped = [bwrap, *BUBBLEWRAP, *(_mounts() if self.strangers else EVERYTHING)]
            paths = paths and [OURS, THEIRS]
        elif self.rung == "landlock":
            fence = _fence() if self.strangers else {"read": ["/"]}
        how = {
            "control": control,
            "strangers": self.strangers,
            "sealed": self.rung != "none",
            "fence": fence,
            "ours": paths[:1],
        }
        begin = f"import sys; sys.path[:0] = {paths}; from {CHILD} import main; main()"
        return [*wrapped, *python, "-c", begin, json.dumps(how)]

    def environment(self) -> dict[str, str]:
        """Return an environment in which an answer is the same whatever ours is."""
        if self.strangers:
            return {name: os.environ[name] for name in KEPT if name in os.environ} | SAME
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("PYTHON") or name in KEPT
        }
        packages = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        scratch = {"TMPDIR": SHARED} if self.rung == "bubblewrap" else {}
        return {**kept, **SAME, **scratch, "PYTHONPATH": packages}


def _interpreter() -> str:
    """Return where Python itself is, outside of any virtual environment."""
    return os.path.realpath(getattr(sys, "_base_executable", sys.executable))


@cache
def _packages() -> tuple[Path, ...]:
    """Return the folders of NumPy and SciPy, and of the libraries that come with them."""
    found = [find_spec(name) for name in ("numpy", "scipy")]
    folders = [Path(str(one.origin)).parent for one in found if one]
    beside = [one.with_name(f"{one.name}.libs") for one in folders]
    return (*folders, *(one for one in beside if one.is_dir()))


@cache
def _libraries() -> tuple[Path, ...]:
    """Return the folders of Python's own modules, and of what it is linked with."""
    own = (sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"))
    folders = [Path(one) for one in (f"{sys.base_prefix}/lib", *own, *LIBRARIES)]
    there = dict.fromkeys(one for one in folders if one.is_dir())
    return tuple(one for one in there if not there.keys() & {*one.parents})


@cache
def _hidden() -> tuple[Path, ...]:
    """Return the folders in those that hold what is installed, such as gradaudit itself."""
    found = [
        place
        for folder in _libraries()
        for name in ("site-packages", "dist-packages")
        for place in (*folder.glob(name), *folder.glob(f"*/{name}"))
    ]
    for folder in _libraries():
        if ROOT.is_relative_to(real := folder.resolve()):
            found.append(folder / ROOT.relative_to(real))
    return tuple(dict.fromkeys(found))


@cache
def _mounts() -> tuple[str, ...]:
    """Return, for bubblewrap, a file system that has what Python and NumPy need, read only."""
    scratch = ("--size", SCRATCH, "--tmpfs", "/tmp", "--chdir", "/tmp")
    same = [("--ro-bind", *[str(one)] * 2) for one in (*_libraries(), _interpreter())]
    linkers = [("--ro-bind-try", one, one) for one in LINKERS]
    hidden = [("--tmpfs", str(one), "--remount-ro", str(one)) for one in _hidden()]
    packages = [("--ro-bind", str(one), f"{THEIRS}/{one.name}") for one in _packages()]
    shipped = [("--ro-bind", str(ROOT / one), f"{OURS}/{one}") for one in SHIPPED]
    devices = [("--dev-bind", one, one) for one in DEVICES]
    groups = (scratch, *same, *linkers, *hidden, *packages, *shipped, *devices, LAST)
    return tuple(word for group in groups for word in group)


@cache
def _fence() -> dict[str, list[str]]:
    """Return, for Landlock, what Python and NumPy need to read, and which folders to list."""
    libraries = [one for folder in _libraries() for one in _without(folder, _hidden())]
    listed = [*_libraries(), *(one.parent for one in _packages())]
    read = [*libraries, *_packages(), _interpreter(), *LINKERS, *DEVICES]
    return {"read": list(map(str, read)), "listed": list(map(str, listed))}


def _without(folder: Path, hidden: Collection[Path]) -> Iterator[Path]:
    """Yield a folder, or all in it but what is hidden."""
    if not any(one.is_relative_to(folder) for one in hidden):
        yield folder
    elif folder not in hidden:
        for one in sorted(folder.iterdir()):
            yield from _without(one, hidden)


class Interpreter:
    """A fresh process with NumPy that waits to be told of one answer. Raises NotStarted."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.control, theirs = socket.socketpair()
        try:
            self.child = subprocess.Popen(
                sandbox.words(theirs.fileno()),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=[theirs.fileno()],
                env=sandbox.environment(),
                cwd="/" if sandbox.strangers else None,
                start_new_session=True,  # so that whatever it starts ends with it
            )
        except BaseException as reason:
            self.control.close()
            if isinstance(reason, OSError):
                raise NotStarted(str(reason.strerror)) from None
            raise
        finally:
            theirs.close()

    def wait(self) -> None:
        """Wait until it is ready. Raises NotStarted."""
        assert self.child.stderr is not None
        self.control.settimeout(START_SECONDS)
        with self.child.stderr as stream, contextlib.suppress(OSError):
            if self.control.recv(1):
                return
            self.close()
            lines = stream.read().decode(errors="replace").strip().splitlines()
            raise NotStarted(lines[-1] if lines else "it ended before it was ready")
        self.close()
        raise NotStarted(f"it was not ready within {START_SECONDS:g} seconds")

    def is_ready(self) -> bool:
        """Wait until it is ready; return whether it is, since it may have been ended."""
        try:
            self.wait()
        except NotStarted:
            return False
        return self.child.poll() is None

    def close(self) -> None:
        """End the process and all that it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.child.pid, signal.SIGKILL)
        self.child.wait()
        self.control.close()


# One for each process and thread of ours, since each ends with the thread that started it.
spare: dict[tuple[Sandbox, int, int], Interpreter] = {}


def take(sandbox: Sandbox) -> Interpreter:
    """Return an interpreter that is ready; for strangers' code the next one is started, too.

    Raises NotStarted.
    """
    key = (sandbox, os.getpid(), threading.get_ident())
    waiting = spare.pop(key, None)
    if waiting is None or not waiting.is_ready():  # or it was ended from outside
        waiting = Interpreter(sandbox)
        waiting.wait()
    if sandbox.strangers:
        spare[key] = Interpreter(sandbox)
    return waiting


@atexit.register
def close_spare() -> None:
    """End the interpreters that wait for answers which do not come."""
    for key in [key for key in spare if key[1] == os.getpid()]:
        spare.pop(key).close()
