"""What a stranger's answer can do to anything but itself: nothing, whatever it tries.

Each attack is a file that is audited together with a right one, as the command does. It is tried
when the file is imported, and again when its function is called, and what came of it is raised, so
that it stands in the row of the attack.
"""

import ctypes
import json
import os
import platform
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gradaudit.answers import preflight, process, sandbox
from gradaudit.answers.preflight import chosen, contain, fault_of
from gradaudit.answers.sandbox import ROOT, RUNGS, Sandbox
from gradaudit.questions.files import Unreadable
from tests.running import gradaudit

PR_SET_CHILD_SUBREAPER = 36
SECRET = "a secret of the judge"
RIGHT = "def converges(eta):\n    return 0 < eta < 0.2\n"
WRAPPED = """
import ctypes, mmap, os, signal, socket, subprocess, sys, threading
import numpy as np
libc = ctypes.CDLL(None, use_errno=True)

def must(outcome):
    if outcome < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return outcome

{attack}

def outcome():
    try:
        return "done, " + str(attack())
    except BaseException as error:
        return type(error).__name__

FIRST = outcome()

def softmax_gradient(y, t):
    raise ValueError("first " + FIRST + ", then " + outcome())

def converges(eta):
    return 0 < eta < 0.2
"""


@pytest.fixture(scope="module", params=RUNGS)
def rung(request: pytest.FixtureRequest) -> str:
    """Return the name of a sandbox that there is."""
    if fault := fault_of(Sandbox(request.param, strangers=True)):
        pytest.skip(f"no {request.param} here: {fault}")
    return str(request.param)


@pytest.fixture(scope="module", autouse=True)
def adopted() -> Iterator[None]:
    """Let whatever an answer leaves behind become a child of this process, where it is seen."""
    libc = ctypes.CDLL(None)
    assert libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    yield
    libc.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
    contain()


@pytest.fixture(scope="module")
def right_row(rung: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the row of the right answer, judged alone."""
    folder = tmp_path_factory.mktemp("alone")
    (folder / "right.py").write_text(RIGHT, encoding="utf-8")
    (row,) = rows(rung, "right.py", cwd=folder)
    assert part(row, "q3.converges")["status"] == "holds"
    return json.dumps(row)


@pytest.fixture
def victim() -> Iterator[subprocess.Popen[bytes]]:
    """Yield a process of ours, in place of the judge, which these tests would not outlive."""
    with subprocess.Popen(["sleep", "1000"]) as one:
        yield one
        one.kill()


def rows(rung: str, *names: str, cwd: Path) -> list[dict[str, Any]]:
    """Return the rows that the command tells of answers."""
    done = gradaudit(*names, "--sandbox", rung, "--format", "json", cwd=cwd)
    found: list[dict[str, Any]] = json.loads(done.stdout)["audits"]
    return found


def part(row: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = (one for one in row["parts"] if one["id"] == name)
    return dict(found)


def children() -> dict[int, str]:
    """Return the processes that this one is the parent of, and has not waited for."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name, _, rest = (folder / "stat").read_text().partition(" (")[2].rpartition(") ")
        except OSError:
            continue
        state, parent, *_ = rest.split()
        if int(parent) == os.getpid() and state != "Z":
            found[int(folder.name)] = name
    return found


def until_nothing_is_left() -> None:
    """Wait until no process of an answer is left, nor one for the next."""
    sandbox.close_spare()
    deadline = time.monotonic() + 10
    while left := {number for number, name in children().items() if name != "sleep"}:
        assert time.monotonic() < deadline, left
        time.sleep(0.02)


@pytest.fixture
def attacked(
    rung: str, right_row: str, tmp_path: Path, victim: subprocess.Popen[bytes]
) -> Iterator[Any]:
    """Yield what judges an attack, together with a right answer, and returns what came of it."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "secret").write_text(SECRET, encoding="utf-8")
    folder = tmp_path / "answers"
    folder.mkdir()
    (folder / "another.py").write_text(f"# {SECRET}\n{RIGHT}", encoding="utf-8")
    (folder / "right.py").write_text(RIGHT, encoding="utf-8")
    known = {
        "JUDGE": os.getpid(),
        "VICTIM": victim.pid,
        "HOME": str(home),
        "ANOTHER": str(folder / "another.py"),
        "ROOT": str(ROOT),
    }

    def attack(content: str, **more: Any) -> str:
        given = "".join(f"{name} = {value!r}\n" for name, value in {**known, **more}.items())
        (folder / "evil.py").write_text(given + WRAPPED.replace("{attack}", content))
        evil, right = rows(rung, "evil.py", "right.py", cwd=folder)
        assert json.dumps(right) == right_row
        assert SECRET not in json.dumps(evil)
        assert part(evil, "q3.converges")["status"] == "holds"
        return str(part(evil, "q2.gradient")["explanation"])

    yield attack
    until_nothing_is_left()
    assert victim.poll() is None
    assert {one.name for one in home.iterdir()} == {"secret"}
    assert {one.name for one in folder.iterdir()} == {"another.py", "evil.py", "right.py"}
    assert (home / "secret").read_text(encoding="utf-8") == SECRET


REFUSED = {
    "it reads a file at home": "return open(HOME + '/secret').read()",
    "it lists home": "return os.listdir(HOME)",
    "it reads another answer": "return open(ANOTHER).read()",
    "it reads the passwords": "return open('/etc/passwd').read()",
    "it writes at home": "return open(HOME + '/written', 'w').write('x')",
    "it writes where it is read": "return open(__file__, 'w').write('x')",
    "it removes a file": "return os.unlink(HOME + '/secret')",
    "it changes who may read a file": "return os.chmod(HOME + '/secret', 0o777)",
    "it links to a file": "return os.link(HOME + '/secret', 'secret')",
    "it makes a device": "return os.mknod('disk', 0o60600, os.makedev(8, 0))",
    "it mounts": "return must(libc.mount(b'none', b'/tmp', b'tmpfs', 0, None))",
    "it makes a namespace": "return must(libc.unshare(0x10000000))",
    "it writes on the judge's output": "return open(f'/proc/{JUDGE}/fd/1', 'w').write('holds')",
    "it reads the judge's memory": "return open(f'/proc/{JUDGE}/mem', 'rb').read(1)",
    "it traces the judge": "return must(libc.ptrace(16, VICTIM, 0, 0))",
    "it copies the judge's memory": "return must(libc.process_vm_readv(VICTIM, None, 0, None, 0, 0))",
    "it kills the judge": "return os.kill(VICTIM, signal.SIGKILL)",
    "it kills its parent": "return os.kill(os.getppid(), signal.SIGKILL)",
    "it kills its group": "return os.killpg(0, signal.SIGKILL)",
    "it kills by a handle": "return signal.pidfd_send_signal(os.pidfd_open(VICTIM), 9)",
    "it limits the judge": "import resource; return resource.prlimit(VICTIM, 0, (1, 1))",
    "it slows the judge down": "return os.setpriority(os.PRIO_PROCESS, VICTIM, 19)",
    "it lives on without its judge": "return must(libc.prctl(1, 0, 0, 0, 0))",
    "it forks": "return os.fork()",
    "it forks in C": "return must(libc.fork())",
    "it forks as a daemon": "return must(libc.daemon(1, 1))",
    "it leaves its session": "return os.setsid()",
    "it leaves its group": "return os.setpgid(0, 0)",
    "it becomes a shell": "return os.execv('/bin/sh', ['sh', '-c', 'sleep 1000'])",
    "it runs Python": "return subprocess.run([sys.executable, '-c', 'pass'])",
    "it connects": "return socket.create_connection(('127.0.0.1', PORT), 1)",
    "it sends a packet": "return socket.socket(type=socket.SOCK_DGRAM).sendto(b'', ('127.0.0.1', 9))",
    "it asks for a name": "return socket.getaddrinfo('localhost', 80, proto=6)[0] and socket.socket()",
    "it connects to a name": "return socket.socket(socket.AF_UNIX).connect(chr(0) + 'gradaudit')",
    "it makes memory that is a file": "return os.memfd_create('x')",
    "it keeps memory after its end": "return must(libc.shmget(0, 2**20, 0o1600))",
    "it watches files": "return must(libc.inotify_init1(0))",
    "it asks for system calls in bulk": "return must(libc.syscall(425, 1, None))",
}  # fmt: skip
NOTHING = (
    "(PermissionError|FileNotFoundError|ProcessLookupError|OSError|ModuleNotFoundError|gaierror)"
)


@pytest.mark.parametrize("name", REFUSED)
def test_an_attack_is_refused(attacked: Any, name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as named:
        server.setblocking(False)
        named.bind(f"\0gradaudit-{os.getpid()}")
        content = REFUSED[name].replace("'gradaudit'", repr(f"gradaudit-{os.getpid()}"))
        said = attacked(f"def attack():\n    {content}", PORT=server.getsockname()[1])
        assert re.search(f"first {NOTHING}, then {NOTHING}", said), said
        with pytest.raises(BlockingIOError):
            server.accept()
