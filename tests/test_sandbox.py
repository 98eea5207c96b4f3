"""What a stranger's answer can do to anything but itself: nothing, whatever it tries.

Each attack is a file that is audited together with a right one, as the command does. It is tried
when the file is imported, and again when its function is called, and what came of it is raised, so
that it stands in the row of the attack.
"""

import contextlib
import ctypes
import json
import os
import platform
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gradaudit.answers import preflight, process, sandbox
from gradaudit.answers.child import ANSWER
from gradaudit.answers.preflight import chosen, contain, fault_of
from gradaudit.answers.process import Process, RemoteFunction
from gradaudit.answers.sandbox import ROOT, RUNGS, Sandbox
from gradaudit.language.outcomes import NoValue
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

FIRST, THEN = outcome(), []

def softmax_gradient(y, t):
    THEN[:] = THEN or [outcome()]
    raise ValueError("first " + FIRST + ", then " + THEN[0])

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


@contextlib.contextmanager
def victim() -> Iterator[int]:
    """Yield a process of ours, in place of the judge, which these tests would not outlive."""
    with subprocess.Popen(["sleep", "1000"]) as one:
        try:
            yield one.pid
            assert one.poll() is None
        finally:
            one.kill()


@contextlib.contextmanager
def listening() -> Iterator[dict[str, Any]]:
    """Yield a port and the name of a socket where we listen; nobody may have come."""
    name = f"gradaudit-{os.getpid()}"
    with socket.create_server(("127.0.0.1", 0)) as port, socket.socket(socket.AF_UNIX) as named:
        named.bind(f"\0{name}")
        named.listen()
        yield {"PORT": port.getsockname()[1], "NAME": name}
        for one in (port, named):
            one.setblocking(False)
            with pytest.raises(BlockingIOError):
                one.accept()


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


earlier: set[int] = set()  # processes that other tests have started, such as a server of workers


@pytest.fixture(scope="module", autouse=True)
def note_earlier_processes() -> None:
    earlier.update(children())


def until_nothing_is_left() -> None:
    """Wait until no process of an answer is left, but those that wait for the next."""
    waiting = {one.child.pid for one in sandbox.spare.values()} | earlier
    deadline = time.monotonic() + 10
    while {number for number, name in children().items() if name != "sleep"} - waiting:
        assert time.monotonic() < deadline, children()
        time.sleep(0.02)


def written(attack: str, **known: Any) -> str:
    """Return an answer that attacks, and knows some things by name."""
    return "".join(f"{name} = {value!r}\n" for name, value in known.items()) + WRAPPED.replace(
        "{attack}", attack
    )


@contextlib.contextmanager
def attacked(rung: str, right_row: str, folder: Path) -> Iterator[Any]:
    """Yield what judges attacks, together with a right answer, and returns what came of each."""
    home, answers = folder / "home", folder / "answers"
    evils = [f"evil{k}.py" for k in range(10)]
    home.mkdir()
    answers.mkdir()
    (home / "secret").write_text(SECRET, encoding="utf-8")
    (answers / "another.py").write_text(f"# {SECRET}\n{RIGHT}", encoding="utf-8")
    (answers / "right.py").write_text(RIGHT, encoding="utf-8")
    with victim() as process, listening() as places:
        known = {
            "JUDGE": os.getpid(),
            "VICTIM": process,
            "HOME": str(home),
            "ANOTHER": str(answers / "another.py"),
            "ROOT": str(ROOT),
            **places,
        }

        def attack(*contents: str, **more: Any) -> list[str]:
            for name, content in zip(evils, contents, strict=False):
                (answers / name).write_text(written(content, **known, **more), encoding="utf-8")
            *told, right = rows(rung, *evils[: len(contents)], "right.py", cwd=answers)
            assert json.dumps(right) == right_row
            assert SECRET not in json.dumps(told)
            assert {part(evil, "q3.converges")["status"] for evil in told} == {"holds"}
            return [str(part(evil, "q2.gradient")["explanation"]) for evil in told]

        yield attack
        until_nothing_is_left()
    assert {one.name for one in home.iterdir()} == {"secret"}
    assert {one.name for one in answers.iterdir()} - {*evils} == {"another.py", "right.py"}
    assert (home / "secret").read_text(encoding="utf-8") == SECRET


@pytest.fixture
def attack(rung: str, right_row: str, tmp_path: Path) -> Iterator[Any]:
    """Yield what judges an attack, and returns what came of it."""
    with attacked(rung, right_row, tmp_path) as judges:
        yield lambda content, **more: judges(content, **more)[0]


REFUSED = {
    "it reads a file at home": "return open(HOME + '/secret').read()",
    "it lists home": "return os.listdir(HOME)",
    "it reads another answer": "return open(ANOTHER).read()",
    "it reads the passwords": "return open('/etc/passwd').read()",
    "it writes at home": "return open(HOME + '/written', 'w').write('x')",
    "it writes over another answer": "return open(ANOTHER, 'w').write('x')",
    "it removes a file": "return os.unlink(HOME + '/secret')",
    "it changes who may read a file": "return os.chmod(HOME + '/secret', 0o777)",
    "it links to a file": "return os.link(HOME + '/secret', 'linked')",
    "it makes a device": "return os.mknod('disk', 0o60600, os.makedev(8, 0))",
    "it mounts": "return must(libc.mount(b'none', b'/tmp', b'tmpfs', 0, None))",
    "it makes a namespace": "return must(libc.unshare(0x10000000))",
    "it writes on the judge's output": "return open(f'/proc/{JUDGE}/fd/1', 'w').write('holds')",
    "it reads the judge's environment": "return open(f'/proc/{JUDGE}/environ').read(1)",
    "it traces the judge": "return must(libc.ptrace(16, VICTIM, 0, 0))",
    "it copies the judge's memory": "return must(libc.process_vm_readv(VICTIM, *[None, 0] * 2, 0))",
    "it kills the judge": "return os.kill(VICTIM, signal.SIGKILL)",
    "it kills its parent": "return os.kill(os.getppid(), signal.SIGKILL)",
    "it kills its group": "return os.killpg(0, signal.SIGKILL)",
    "it kills by a handle": "return signal.pidfd_send_signal(os.pidfd_open(VICTIM), 9)",
    "it limits the judge": "import resource; return resource.prlimit(VICTIM, 0, (1, 1))",
    "it slows the judge down": "return os.setpriority(os.PRIO_PROCESS, VICTIM, 19)",
    "it lives on without its judge": "return must(libc.prctl(1, 0, 0, 0, 0))",
    "it forks": "return os.fork() or os._exit(0)",
    "it forks in C": "return must(libc.fork()) or os._exit(0)",
    "it forks as a daemon": "return must(libc.daemon(1, 1))",
    "it leaves its session": "return os.setsid()",
    "it leaves its group": "return os.setpgid(0, 0)",
    "it becomes a shell": "return os.execv('/bin/sh', ['sh', '-c', 'sleep 1000'])",
    "it runs Python": "return subprocess.run([sys.executable, '-c', 'pass'])",
    "it connects": "return socket.create_connection(('127.0.0.1', PORT), 1)",
    "it sends a packet": "return socket.socket(type=2).sendto(b'', ('127.0.0.1', 9))",
    "it asks for a name": "return socket.getaddrinfo('localhost', 80) and socket.socket()",
    "it connects to a name": "return socket.socket(socket.AF_UNIX).connect(chr(0) + NAME)",
    "it makes memory that is a file": "return os.memfd_create('x')",
    "it keeps memory after its end": "return must(libc.shmget(0, 2**20, 0o1600))",
    "it watches files": "return must(libc.inotify_init1(0))",
    "it forks by another number": "return must(libc.syscall(0x40000000 | 57))",
    "it asks for system calls in bulk": "return must(libc.syscall(425, 1, bytes(120)))",
}  # fmt: skip
IMPORTS = {
    "our package": "import gradaudit.answers.reading",
    "our package, where it is": "sys.path.insert(0, ROOT); import gradaudit.answers.reading",
    "our own answer": "sys.path.insert(0, ROOT); import analytic.network",
    "our questions": "open(ROOT + '/gradaudit/questions/library/assignment.toml')",
    "what is installed": "sys.path[:0] = INSTALLED; import hypothesis",
}
HARMLESS = [  # where nothing refuses them
    *("it reads a file at home", "it lists home", "it reads another answer", "it links to a file"),
    *("it reads the passwords", "it changes who may read a file", "it writes at home"),
    *("it copies the judge's memory", "it reads the judge's environment", "it forks"),
    *("it limits the judge", "it lives on without its judge", "it runs Python", "it forks in C"),
    *("it connects", "it sends a packet", "it connects to a name", "it asks for a name"),
    *("it makes memory that is a file", "it watches files", "it asks for system calls in bulk"),
]


NOTHING = (
    "(PermissionError, FileNotFoundError, ProcessLookupError, OSError, ModuleNotFoundError, "
    "socket.gaierror)"
)


def one_after_the_other(attacks: Iterable[str]) -> str:
    """Return an attack that tries several, and has a letter for each: r where it is refused."""
    functions = [f"def attack{k}():\n    {content}\n" for k, content in enumerate(attacks)]
    return "".join(functions) + (
        f"def letter(attack):\n    try:\n        attack()\n        return 'd'\n"
        f"    except BaseException as error:\n"
        f"        return 'r' if type(error) in {NOTHING} else 'e'\n"
        f"def attack():\n"
        f"    return ''.join(letter(globals()[f'attack{{k}}']) for k in range({len(functions)}))\n"
    )


def letters(said: str) -> Iterator[tuple[str, str]]:
    """Return what came of each of several attacks, when it was imported and when it was called."""
    found = re.search(r"first done, ([a-z]+), then done, ([a-z]+)", said)
    assert found, said
    return zip(*found.groups(), strict=True)


@pytest.fixture(scope="module")
def came(
    rung: str, right_row: str, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[str, str]]:
    """Return what came of each attack, when it was imported and when it was called."""
    attacks = REFUSED | IMPORTS
    installed = [one for one in sys.path if one.endswith("-packages")]
    with attacked(rung, right_row, tmp_path_factory.mktemp("attacks")) as judges:
        (said,) = judges(one_after_the_other(attacks.values()), INSTALLED=installed)
    return dict(zip(attacks, letters(said), strict=True))


@pytest.mark.parametrize("name", REFUSED)
def test_an_attack_is_refused(came: dict[str, tuple[str, str]], name: str) -> None:
    assert came[name] == ("r", "r")


@pytest.mark.parametrize("name", HARMLESS)
def test_it_would_succeed_where_nothing_refuses_it(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret").touch()
    (tmp_path / "another").touch()
    place = f"gradaudit-{os.getpid()}"
    with (
        victim() as process,
        socket.create_server(("127.0.0.1", 0)) as port,
        socket.socket(socket.AF_UNIX) as named,
    ):
        named.bind(f"\0{place}")
        named.listen()
        known = {"VICTIM": process, "JUDGE": os.getpid(), "HOME": str(tmp_path), "NAME": place}
        places = {"ANOTHER": str(tmp_path / "another"), "PORT": port.getsockname()[1]}
        content = written(f"def attack():\n    {REFUSED[name]}", **known, **places)
        (tmp_path / "evil.py").write_text(content, encoding="utf-8")
        answer = Process(str(tmp_path / "evil.py"), {"softmax_gradient": 1})
        with pytest.raises(NoValue, match="first done"):
            RemoteFunction(answer, "softmax_gradient").call([1.0, 1.0])
        answer.close()


TAKING = {  # to fill the memory, too, would take longer than an answer has on a busy machine
    "a thread bomb": (
        "while True:\n        threading.Thread(target=signal.pause).start()",
        "RuntimeError",
    ),
    "an array of 10 GB": ("return np.ones(10 * 2**27).sum()", "MemoryError|_ArrayMemoryError"),
    "10 GB, bit by bit": (
        "parts = []\n    while len(parts) < 1000: parts.append(bytes(10**7 + len(parts)))",
        "MemoryError",
    ),
    "10 GB that are shared": (
        "parts = []\n    for _ in range(1000):\n"
        "        parts.append(mmap.mmap(-1, 10**7))\n        parts[-1].write(b'x')",
        "OSError|MemoryError",
    ),
    "a large file": (
        "with open('large', 'wb', buffering=0) as file:\n"
        "        while file.tell() < 10**10: file.write(b'x' * 10**6)",
        "OSError|PermissionError",
    ),
    "many files": (
        "for k in range(1000):\n        open(f'{k}', 'wb', buffering=0).write(b'x' * 10**6)",
        "OSError|PermissionError",
    ),
    "open files": ("return [open('/dev/null') for _ in range(1000)]", "OSError"),
    "pipes": ("return [os.pipe() for _ in range(1000)]", "OSError"),
    "files elsewhere": (
        "for place in ('/dev/shm', '/var/tmp', '/run', '/', '/dev', '/root', '/packages'):\n"
        "        with contextlib.suppress(OSError):\n"
        "            open(f'{place}/x', 'w').write('x')\n"
        "            return place\n"
        "    raise OSError",
        "OSError",
    ),
}


@pytest.fixture(scope="module")
def taken(rung: str, right_row: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return what came of each attack that takes much, all of them in one run."""
    attacks = (f"import contextlib\ndef attack():\n    {content}" for content, _ in TAKING.values())
    with attacked(rung, right_row, tmp_path_factory.mktemp("taking")) as judges:
        return dict(zip(TAKING, judges(*attacks), strict=True))


@pytest.mark.parametrize("name", TAKING)
def test_an_attack_takes_no_more_than_is_given(taken: dict[str, str], name: str) -> None:
    _, outcome = TAKING[name]
    assert re.search(f"first ({outcome}), then ({outcome})", taken[name]), taken[name]


@pytest.mark.parametrize("name", IMPORTS)
def test_no_right_answer_can_be_imported(came: dict[str, tuple[str, str]], name: str) -> None:
    assert came[name] == ("r", "r")


def test_nothing_of_our_environment_is_seen(attack: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", SECRET)
    allowed = {*sandbox.SAME, *sandbox.KEPT, "LC_CTYPE", "PWD"}
    said = attack("def attack():\n    return sorted({*os.environ} - ALLOWED)", ALLOWED=allowed)
    assert "first done, [], then done, []" in said


def test_a_process_holds_its_own_line_and_no_other_file(attack: Any) -> None:
    count = (
        "def is_open(number):\n"
        "    try:\n        return bool(os.fstat(number))\n"
        "    except OSError:\n        return False\n"
        "def attack():\n    return [number for number in range(3, 1000) if is_open(number)]\n"
    )
    assert re.search(r"first done, \[\d+\], then done, \[\d+\]", attack(count))


def test_nothing_is_handed_on_to_the_next_answer(rung: str, tmp_path: Path) -> None:
    leaves = "open('left', 'w').write('x')" if rung == "bubblewrap" else "pass"
    changes = f"import numpy\nnumpy.exp = numpy.log = None\n{leaves}\n{RIGHT}"
    finds = f"import numpy, os\nassert numpy.exp and not os.path.exists('left')\n{RIGHT}"
    (tmp_path / "a.py").write_text(changes, encoding="utf-8")
    (tmp_path / "b.py").write_text(finds, encoding="utf-8")
    found = rows(rung, "a.py", "b.py", cwd=tmp_path)
    assert [part(row, "q3.converges")["status"] for row in found] == ["holds", "holds"]


ENDS = {
    "it exits": "os._exit(3)",
    "it crashes": "ctypes.string_at(0)",
    "it hangs, and hears no signal": (
        "[signal.signal(one, signal.SIG_IGN) for one in (2, 15)]\n    while True: pass"
    ),
    "it forges frames": "tell(b'{\"results\": [[]], \"inputs\": [[]], \"shared\": []}\\n')",
    "it sends 10 GB": "tell(b'1' * 10**7, 1000)",
    "it sends half a frame": "tell(b'{')\n    os._exit(0)",
    "it closes its line": "os.closerange(3, 64)",
}  # fmt: skip
TELL = """
import contextlib, ctypes, os, signal
def tell(frame, times=1):
    for line in range(3, 64):
        with contextlib.suppress(OSError):
            for _ in range(times):
                os.write(line, frame)
"""


@pytest.fixture(scope="module", params=["attack()", ""], ids=["imported", "called"])
def ended(
    rung: str,
    right_row: str,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> dict[str, Any]:
    """Return the rows of attacks that end in some way, each before that of a right answer."""
    folder, names = tmp_path_factory.mktemp("ends"), []
    for k, content in enumerate(ENDS.values()):
        evil = f"{TELL}\ndef attack():\n    {content}\n{request.param}\n"
        evil += "\ndef softmax_gradient(y, t):\n    attack()\n    return y\n"
        (folder / f"evil{k}.py").write_text(evil, encoding="utf-8")
        (folder / f"right{k}.py").write_text(RIGHT, encoding="utf-8")
        names += [f"evil{k}.py", f"right{k}.py"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process, "CALL_SECONDS", 1.0)
        patch.setattr(process, "IMPORT_SECONDS", 2.0)
        found = rows(rung, *names, cwd=folder)
    return dict(zip(ENDS, zip(found[::2], found[1::2], strict=True), strict=True))


@pytest.mark.parametrize("name", ENDS)
def test_how_an_attack_ends_is_its_own_matter(
    ended: dict[str, Any], right_row: str, name: str
) -> None:
    told, right = ended[name]
    assert json.dumps({**right, "answer": "right.py"}) == right_row
    assert told["unreadable"] or part(told, "q2.gradient")["status"] == "untested"
    until_nothing_is_left()


@pytest.mark.skipif(platform.machine() != "x86_64", reason="another processor has one table")
def test_system_calls_of_the_other_table_end_the_process(attack: Any) -> None:
    content = (
        "code = mmap.mmap(-1, 4096, prot=7)\n"
        "code.write(bytes.fromhex('b814000000cd80c3'))  # getpid, in 32 bits\n"
        "place = ctypes.addressof(ctypes.c_char.from_buffer(code))\n"
        "def attack():\n"
        "    return 'FIRST' in globals() and ctypes.CFUNCTYPE(ctypes.c_int)(place)()\n"
    )
    said = attack(content)
    assert said.startswith("it ended its own process (exit code -")


def descendants(process: int) -> set[int]:
    """Return the processes that one has started, and that these have started."""
    found = {process}
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            rest = (folder / "stat").read_text().rpartition(") ")[2].split()
            parents[int(folder.name)] = int(rest[1])
    while more := {one for one, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {process}


@pytest.mark.parametrize(
    "words", [["evil.py"], ["class", "."]], ids=["of one answer", "of a class"]
)
def test_nothing_outlives_a_command_that_is_killed(
    rung: str, tmp_path: Path, words: list[str]
) -> None:
    hangs = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: pass\n"
    (tmp_path / "evil.py").write_text(hangs, encoding="utf-8")
    command = [sys.executable, "-m", "gradaudit", *words, "--sandbox", rung]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL) as run:
        deadline = time.monotonic() + 10
        while len(descendants(run.pid)) < 6:  # those of the answer, for each of its functions
            assert time.monotonic() < deadline
            time.sleep(0.02)
        run.kill()
    until_nothing_is_left()


def test_an_answer_that_is_a_link_is_not_followed(rung: str, tmp_path: Path) -> None:
    (tmp_path / "another.py").write_text(RIGHT, encoding="utf-8")
    (tmp_path / "evil.py").symlink_to("another.py")
    done = gradaudit("evil.py", "another.py", "--sandbox", rung, cwd=tmp_path)
    assert "evil.py: it cannot be imported: it is a link, which is not followed\n" in done.stderr
    assert "holds" in done.stdout


@pytest.mark.parametrize(
    "make",
    [os.mkfifo, lambda path: os.symlink("/dev/zero", path), os.mkdir],
    ids=["a pipe", "a device", "a folder"],
)
def test_an_answer_that_is_no_file_is_not_opened(rung: str, tmp_path: Path, make: Any) -> None:
    make(tmp_path / "evil.py")
    (tmp_path / "right.py").write_text(RIGHT, encoding="utf-8")
    done = gradaudit("evil.py", "right.py", "--sandbox", rung, cwd=tmp_path)
    assert re.search("it is not a file|no .toml or .py file is in this folder", done.stderr)
    assert "holds" in done.stdout


def test_a_module_of_ones_own_is_not_run_as_a_strangers(rung: str, tmp_path: Path) -> None:
    done = gradaudit("theirs.loss:converges", "--sandbox", rung, cwd=tmp_path)
    assert f"a module is your own code; leave out --sandbox {rung}" in done.stderr


def test_modules_beside_an_answer_can_be_handed_over(rung: str) -> None:
    sources = {
        ANSWER: b"# -*- coding: latin-1 -*-\nfrom helper import LIMIT\nNAME = '\xe9'\n"
        b"def converges(eta):\n    return 0 < eta < LIMIT and len(NAME) == 1\n",
        "helper": b"LIMIT = 0.2\n",
    }
    answer = Process("a/b.ipynb", {"converges": 1}, Sandbox(rung, strangers=True), sources)
    try:
        function = RemoteFunction(answer, "converges")
        assert [bool(function.call([eta])[0]) for eta in (0.1, 0.2)] == [True, False]
    finally:
        answer.close()


def test_an_exception_is_told_with_the_line_of_the_file(rung: str, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("\n\n1 / 0\n", encoding="utf-8")
    done = gradaudit("a.py", "--sandbox", rung, cwd=tmp_path)
    assert "a.py: it cannot be imported: line 3: ZeroDivisionError" in done.stderr


def test_an_interpreter_waits_for_the_next_answer(rung: str) -> None:
    place = Sandbox(rung, strangers=True)
    first = sandbox.take(place)
    (waiting,) = (one for key, one in sandbox.spare.items() if key[0] == place)
    second = sandbox.take(place)
    assert second is waiting
    assert first.child.pid != second.child.pid
    first.close()
    second.close()


def test_an_interpreter_that_was_ended_is_replaced(rung: str) -> None:
    place = Sandbox(rung, strangers=True)
    sandbox.take(place).close()
    (waiting,) = (one for key, one in sandbox.spare.items() if key[0] == place)
    waiting.child.kill()
    waiting.child.wait()
    taken = sandbox.take(place)
    assert taken is not waiting
    taken.close()


@pytest.fixture(scope="module", params=RUNGS)
def own_rung(request: pytest.FixtureRequest) -> str:
    """Return the name of a sandbox that there is for one's own answers."""
    if fault := fault_of(Sandbox(request.param)):
        pytest.skip(f"no {request.param} here: {fault}")
    return str(request.param)


@pytest.fixture
def of_ones_own(own_rung: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let one's own answers run in a sandbox, and return its name."""
    monkeypatch.setattr(preflight, "RUNGS", (own_rung,))
    return own_rung


def test_ones_own_answer_sees_what_is_beside_it(of_ones_own: str, tmp_path: Path) -> None:
    (tmp_path / "limit.txt").write_text("0.2", encoding="utf-8")
    (tmp_path / "helper.py").write_text("LIMIT = float(open('limit.txt').read())", "utf-8")
    own = "from helper import LIMIT\ndef converges(eta):\n    return 0 < eta < LIMIT\n"
    (tmp_path / "a.py").write_text(own, encoding="utf-8")
    done = gradaudit("a.py", "--verbose", cwd=tmp_path)
    assert "q3.converges ✓ holds" in done.stdout
    assert f"in a sandbox ({of_ones_own}): it sees your files, writes none" in done.stderr


REFUSED_TO_ONES_OWN = [
    *("it writes at home", "it removes a file", "it connects", "it sends a packet"),
    *("it connects to a name", "it traces the judge", "it copies the judge's memory"),
    *("it kills the judge", "it writes on the judge's output", "it makes a namespace"),
]


@pytest.fixture(scope="module")
def came_of_ones_own(
    own_rung: str, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[str, str]]:
    """Return what came of each attack of one's own answer, imported and called."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "secret").touch()
    attacks = one_after_the_other(REFUSED[name] for name in REFUSED_TO_ONES_OWN)
    with victim() as process, listening() as places, pytest.MonkeyPatch.context() as patch:
        patch.setattr(preflight, "RUNGS", (own_rung,))
        known = {"VICTIM": process, "JUDGE": os.getpid(), "HOME": str(folder), **places}
        (folder / "a.py").write_text(written(attacks, **known), encoding="utf-8")
        done = gradaudit("a.py", cwd=folder)
    assert {one.name for one in folder.iterdir()} == {"secret", "a.py"}
    return dict(zip(REFUSED_TO_ONES_OWN, letters(done.stdout), strict=True))


@pytest.mark.parametrize("name", REFUSED_TO_ONES_OWN)
def test_ones_own_answer_reaches_nothing(
    came_of_ones_own: dict[str, tuple[str, str]], name: str
) -> None:
    assert came_of_ones_own[name] == ("r", "r")


def test_what_ones_own_answer_starts_ends_with_it(of_ones_own: str, tmp_path: Path) -> None:
    if of_ones_own != "bubblewrap":
        pytest.skip("only bubblewrap ends what has left its session, of one's own code")
    daemon = "import os, signal\nif not os.fork():\n    os.setsid()\n    signal.pause()\n"
    (tmp_path / "a.py").write_text(daemon + RIGHT, encoding="utf-8")
    assert "✓ holds" in gradaudit("a.py", cwd=tmp_path).stdout
    until_nothing_is_left()


@pytest.fixture
def no_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let there be none."""
    monkeypatch.setattr(preflight, "fault_of", lambda one: f"no {one.rung} here")


@pytest.mark.usefixtures("no_sandbox")
def test_without_a_sandbox_no_stranger_is_run(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(RIGHT, encoding="utf-8")
    (tmp_path / "b.toml").write_text("[question1]\nb2 = -2.732\n", encoding="utf-8")
    done = gradaudit("a.py", "b.toml", "--sandbox", "bubblewrap", cwd=tmp_path)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("gradaudit: a.py: it is not run, since no sandbox holds it: bubblewrap:")
    assert line.endswith("or run it with your rights by --sandbox none")
    assert "✓" in done.stdout


@pytest.mark.usefixtures("no_sandbox")
def test_without_a_sandbox_no_class_is_run() -> None:
    contain(strangers=True)
    with pytest.raises(Unreadable, match=r"bubblewrap: no bubblewrap here; landlock: no landlock"):
        chosen()
    contain("none", strangers=True)
    assert chosen() == Sandbox()


@pytest.mark.usefixtures("no_sandbox")
def test_without_a_sandbox_ones_own_answer_runs_and_that_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(RIGHT, encoding="utf-8")
    done = gradaudit("a.py", "--verbose", cwd=tmp_path)
    assert done.returncode == 0
    why = "bubblewrap: no bubblewrap here; landlock: no landlock here"
    assert done.stderr == f"gradaudit: Python runs with your rights: {why}\n"


def test_bubblewrap_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert fault_of.__wrapped__(Sandbox("bubblewrap")) == "bwrap is not installed"


def test_the_preflight_sees_all_that_a_sandbox_lets_through() -> None:
    fault = fault_of(Sandbox("none", strangers=True))
    for able in ("write a file", "reach a network", "send a packet", "signal its judge"):
        assert able in fault
    for able in ("read a file", "read the right answers", "import the right answers"):
        assert able in fault
