"""What no answer may do, tried from where one runs: `gradaudit.answers.preflight` hands this file
over as an answer, and asks it which of these trials succeed.
"""

import importlib
import mmap
import os
import socket
import sys
import threading
from collections.abc import Callable
from itertools import islice
from pathlib import Path

NO_RESERVE = 0x4000  # of Linux: memory that nothing is set aside for
OF_ANYONE = 5  # of the trials, the first: what one's own answer may not do either
FEW = 64  # processes; a number up to this may be one of the sandbox's own


def tries(
    folder: str, port: int, judge: int, opened: str, library: str
) -> dict[str, Callable[[], object]]:
    """Return all trials, by what is done; what only strangers may not do comes last.

    folder: where a file `secret` is. port: where somebody listens. judge: the process that asks.
    opened: a file of its, as /proc shows it. library: a file of right answers.
    """
    return {
        "write a file": lambda: Path(folder, "written").write_bytes(b""),
        "reach a network": lambda: socket.create_connection(("127.0.0.1", port), 1),
        "send a packet": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
        "signal its judge": lambda: _signals(judge),
        "reach a file of its judge": lambda: _reaches(judge, opened),
        "read a file": lambda: Path(folder, "secret").read_bytes(),
        "read the right answers": lambda: Path(library).read_bytes(),
        "import the right answers": lambda: _imports(library),
        "start a process": _forks,
        "start a thread": lambda: threading.Thread(target=int).start(),
        "leave its session": os.setsid,
        "take all memory": lambda: mmap.mmap(-1, 2**33, mmap.MAP_PRIVATE | 0x20 | NO_RESERVE),
    }


def succeeding(
    count: int, folder: str, port: int, judge: int, opened: str, library: str
) -> list[float]:
    """Return, for each of the first trials, 1 if it succeeds and 0 if not."""
    trials = tries(folder, port, judge, opened, library).values()
    return [float(_succeeds(one)) for one in islice(trials, count)]


def _succeeds(trial: Callable[[], object]) -> bool:
    try:
        trial()
    except (OSError, ImportError, RuntimeError, ValueError, MemoryError):
        return False
    return True


def _signals(judge: int) -> None:
    if judge <= FEW:
        raise ValueError
    os.kill(judge, 0)


def _reaches(judge: int, opened: str) -> None:
    links = (os.readlink(f"/proc/{judge}/fd/{one}") for one in os.listdir(f"/proc/{judge}/fd"))
    if opened not in links:
        raise ValueError


def _imports(library: str) -> None:
    sys.path.append(str(Path(library).parents[3]))
    importlib.import_module("gradaudit.answers.reading")


def _forks() -> None:
    if not os.fork():
        os._exit(0)
