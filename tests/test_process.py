"""What comes back from the process of a Python answer, which may be anything."""

import contextlib
import copy
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradaudit.answers import process
from gradaudit.answers.child import decode, encode
from gradaudit.answers.process import Process, RemoteFunction, observed
from gradaudit.answers.reading import read
from gradaudit.answers.verdicts import audit
from gradaudit.judging.calling import MAX_MESSAGE, TOGETHER, Observed, Result
from gradaudit.judging.laws import CannotGoOn
from gradaudit.language.outcomes import NoValue
from gradaudit.questions.files import Unreadable

ONE = json.loads(json.dumps(encode(np.array([0.5, -1.0]))))
ARGUMENTS = (2, 2)  # of two calls
RIGHT: dict[str, Any] = {
    "results": [[ONE]] * 2,
    "inputs": [[ONE, None]] * 2,
    "shared": [],
    "held": [None, [["g"], [ONE]]],
}
HELLO = {"functions": {"converges": ["eta"]}, "names": ["np", "converges"]}
JUNK: list[Any] = [
    *(None, True, -1, 0, 7, 10**30, 0.5, float("nan"), "", "a phrase", "ff" * 8, "float64"),
    *("S900000000", "O", "complex128", [], {}, [[]], [[]] * 2, [[]] * 4, ONE, [ONE], [[ONE]]),
    *(["float64", [10**30], ""], ["float64", [-1], "ff" * 8], ["float64", [3], "ff" * 8]),
    *([[0, 0], [1, 0]], [[[0, 0], [1, 0]]], [[[0, 7], [9, 9]]], [[[True, 0.0], [0, "0"]]]),
    *({"silent": "x" * 10**5}, {"ended": 3}, {"ended": 10**300}, {"broken": []}),
]


def forged(chance: random.Random, frame: Any) -> Any:
    """Return a frame of which something, at any depth, is something else."""
    if not frame or not isinstance(frame, dict | list) or chance.randrange(4) == 0:
        return chance.choice(JUNK)
    changed = copy.copy(frame)
    key = chance.choice(list(frame) if isinstance(frame, dict) else range(len(frame)))
    changed[key] = forged(chance, frame[key])
    return changed


def is_shown(one: Result) -> bool:
    return len(one) <= MAX_MESSAGE + 1 if isinstance(one, str) else one.dtype.kind in "biuf"


def well_formed(seen: Observed) -> bool:
    places = {(k, index) for k, call in enumerate(seen.results) for index in range(len(call))}
    return (
        len(seen.results) == len(seen.inputs) == len(ARGUMENTS)
        and all(len(call) == 1 for call in seen.results)
        and all(len(call) == 2 for call in seen.inputs)
        and all(is_shown(one) for call in seen.results for one in call)
        and all(one is None or is_shown(one) for call in seen.inputs for one in call)
        and all(place in places for pair in seen.shared for place in pair)
        and len(seen.held) == len(ARGUMENTS)
        and all(len(one[0]) in (0, len(one[1])) for one in seen.held if one is not None)
        and all(1 <= len(one[1]) <= 2 for one in seen.held if one is not None)
    )


def test_a_forged_reply_is_well_formed_or_an_outcome() -> None:
    chance = random.Random(1)
    met = Counter[str]()
    for _ in range(20_000):
        frame = RIGHT
        for _ in range(chance.randint(1, 3)):
            frame = forged(chance, frame)
        try:
            seen = observed(frame, ARGUMENTS, 1)
        except (NoValue, CannotGoOn) as outcome:
            met[type(outcome).__name__] += 1
            said = str(outcome)
        else:
            met["Observed"] += 1
            assert well_formed(seen), frame
            said = ""
        assert len(said) <= MAX_MESSAGE + 1, frame
    assert min(met[name] for name in ("NoValue", "CannotGoOn", "Observed")) > 100


@pytest.mark.parametrize(
    "change",
    [
        {"results": [[]] * 2},
        {"results": [[ONE]] * 3},
        {"results": [["a phrase", "another"]] * 2},
        {"results": [[["float64", [2], "ff"]]] * 2},
        {"results": [[["int64", [1], [10**30]]]] * 2},
        {"results": [[["S900000000", [1], "61"]]] * 2},
        {"results": [[["float64", [10**30, 0], ""]]] * 2},
        {"inputs": [[]] * 2},
        {"inputs": [[ONE] * 3] * 2},
        {"held": [None]},
        {"held": [None, [["a", "b"], [ONE]]]},
        {"held": [None, [[], [ONE, ONE, ONE]]]},
        {"held": [None, [[], []]]},
        {"held": [None, ["g", [ONE]]]},
        {"shared": [[[0, 7], [9, 9]]]},
        {"shared": [[[0, 0], [1.0, 0]]]},
        {"shared": [[[-1, 0], [0, 0]]]},
        {"shared": [[[[], 0], [0, 0]]]},
    ],
    ids=str,
)
def test_what_is_not_of_the_promised_form_is_nonsense(change: dict[str, Any]) -> None:
    with pytest.raises(CannotGoOn, match="nonsense"):
        observed(RIGHT | change, ARGUMENTS, 1)


@pytest.mark.parametrize("shape", [[], [1], [4]], ids=str)
def test_one_array_instead_of_several_held_results_is_nonsense(shape: list[int]) -> None:
    one = ["float64", shape, "00" * 8 * max([1, *shape])]
    frame = {"results": [["a dict instead of 4 results"]], "inputs": [[ONE]], "shared": []}
    with pytest.raises(CannotGoOn, match="nonsense"):
        observed(frame | {"held": [[[], [one]]]}, [1], 4)


def test_a_reply_of_the_promised_form_is_read() -> None:
    seen = observed(RIGHT | {"shared": [[[0, 0], [1, 0]]]}, ARGUMENTS, 1)
    assert [np.asarray(call[0]).tolist() for call in seen.results] == [[0.5, -1.0]] * 2
    assert (len(seen.inputs), seen.shared) == (2, [((0, 0), (1, 0))])


def test_a_forged_first_frame_names_known_functions_or_is_refused() -> None:
    chance = random.Random(1)
    for _ in range(1000):
        frame = forged(chance, HELLO)
        functions: process.Functions = {}
        names: list[str] = []
        try:
            functions, names = process._hello(frame, {"converges": 1})
        except ValueError as reason:
            names = [str(reason)]
        assert functions in ({}, {"converges": None}) or isinstance(functions["converges"], list)
        told = [*names, *(functions.get("converges") or [])]
        assert all(len(name) <= MAX_MESSAGE + 1 for name in told), frame


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"{",
        b"[]\n",
        b"\xff\n",
        b"[" * 100_000 + b"\n",
        b'{"a": ' + b"9" * 10_000 + b"}\n",
        b"x" * 2**17,
        b"{}\n{}\n",
    ],
    ids=["nothing", "a part", "no frame", "no text", "depth", "a huge number", "no end", "two"],
)
def test_bytes_that_are_no_frame_are_an_outcome(
    monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(process, "MAX_FRAME", 2**16)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.setblocking(False)
        theirs.sendall(sent)
        theirs.shutdown(socket.SHUT_WR)
        with pytest.raises(CannotGoOn):
            process._ask(ours, b"", 1)


def test_a_process_that_reads_nothing_does_not_stop_us() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(CannotGoOn, match="hangs"):
        process._ask(ours, b"x" * 10**7, 0.1)


def test_a_process_that_sends_a_little_at_a_time_hangs() -> None:
    ours, theirs = socket.socketpair()
    feeder = threading.Thread(target=_feed, args=[theirs], daemon=True)
    feeder.start()
    with ours, pytest.raises(CannotGoOn, match="hangs"):
        process._ask(ours, b"", 0.2)


def _feed(end: socket.socket) -> None:
    with end, contextlib.suppress(OSError):
        for _ in range(1000):
            end.sendall(b"x")
            time.sleep(0.01)


@pytest.mark.parametrize(
    "value",
    [
        np.arange(6.0).reshape(2, 3),
        np.array([np.nan, -np.inf, -0.0]),
        np.float32(0.1),
        np.zeros((2, 0)),
        np.array([True, False]),
        np.arange(3, dtype=">i2"),
    ],
    ids=["a matrix", "no numbers", "a scalar", "nothing", "booleans", "big endian"],
)
def test_an_array_comes_back_as_it_was(value: Any) -> None:
    back = decode(json.loads(json.dumps(encode(value))))
    assert (back.dtype, back.shape) == (value.dtype, value.shape)
    assert back.tobytes() == value.tobytes()


def write(folder: Path, content: str) -> str:
    path = folder / "answer.py"
    path.write_text(content, encoding="utf-8")
    return str(path)


def verdicts(folder: Path, content: str) -> dict[str, str]:
    audited = audit(read(write(folder, content)))
    return {one.part: f"{one.status} {one.reason}".strip() for one in audited.answered}


FORGES = """
import os
def forge(frame):
    for line in range(3, 64):
        try:
            os.write(line, frame + b"\\n")
        except OSError:
            pass
def softmax_gradient(y, t):
    forge(b'{"results": [[]], "inputs": [[]], "shared": [], "held": [null]}')
    return y
"""
RIGHT_RATE = "def converges(eta):\n    return 0 < eta < 0.2\n"


def test_an_answer_that_forges_a_frame_is_untested(tmp_path: Path) -> None:
    found = verdicts(tmp_path, FORGES)
    assert found == {"q2.gradient": "untested its process sent nonsense"}


@pytest.mark.parametrize(("sign", "status"), [("-", "holds"), ("+", "fails")])
def test_an_answer_that_hides_its_manners_is_judged_by_its_numbers(
    tmp_path: Path, sign: str, status: str
) -> None:
    hides = (
        "import sys\nimport numpy as np\nOUT = np.zeros(100)\n"
        "def softmax_gradient(y, t):\n"
        "    sys._getframe(1).f_globals['_shared'] = lambda calls: []\n"
        "    p = np.exp(y - y.max())\n    out = OUT[:len(y)]\n"
        f"    out[:] = p / p.sum() * t.sum() {sign} t\n    return out\n"
    )
    assert verdicts(tmp_path, hides)["q2.gradient"].startswith(status)


@pytest.mark.parametrize(
    "ends",
    [
        "import os; os._exit(3)",
        "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
        "import os, signal; os.kill(0, signal.SIGKILL)",
    ],
    ids=["exits", "crashes", "ends all of its processes"],
)
def test_a_function_that_ends_leaves_the_others_judged(tmp_path: Path, ends: str) -> None:
    found = verdicts(tmp_path, f"{RIGHT_RATE}def softmax_gradient(y, t):\n    {ends}\n")
    assert found["q2.gradient"].startswith("untested it ended its own process")
    assert found["q3.converges"] == "holds"


def test_how_a_function_ended_is_heard_whatever_its_file_does_to_signals(tmp_path: Path) -> None:
    content = (
        "import os, signal\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
        f"def softmax_gradient(y, t):\n    os._exit(4)\n{RIGHT_RATE}"
    )
    found = verdicts(tmp_path, content)
    assert found["q2.gradient"] == "untested it ended its own process (exit code 4)"
    assert found["q3.converges"] == "holds"


def test_a_function_has_no_line_but_its_own(tmp_path: Path) -> None:
    content = (
        "import os, stat\n"
        "def is_line(number):\n"
        "    try:\n        return stat.S_ISSOCK(os.fstat(number).st_mode)\n"
        "    except OSError:\n        return False\n"
        "def converges(eta):\n"
        "    assert sum(map(is_line, range(64))) == 1\n"
        "    return 0 < eta < 0.2\n"
        "def softmax_gradient(y, t):\n    return y\n"
    )
    assert verdicts(tmp_path, content)["q3.converges"] == "holds"


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL], ids=lambda one: one.name
)
def test_a_signal_that_ends_the_command_ends_a_function_that_hangs(
    tmp_path: Path, number: signal.Signals
) -> None:
    if number == signal.SIGKILL and sys.platform != "linux":
        pytest.skip("only Linux ends a process with its parent")
    if number != signal.SIGKILL and signal.getsignal(number) == signal.SIG_IGN:
        pytest.skip("it is ignored here, as below nohup, and so by what is started")
    told = tmp_path / "told"
    hangs = f"open({str(told)!r}, 'w').write(f'{{os.getpid()}}\\n')\n    while True: pass\n"
    path = write(tmp_path, f"import os\ndef converges(eta):\n    {hangs}")
    command = subprocess.Popen(
        [sys.executable, "-m", "gradaudit", path, "--sandbox", "none"],  # or it can't tell
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: told.exists() and told.read_text().endswith("\n"))
    worker = int(told.read_text())
    command.send_signal(number)
    _, said = command.communicate(timeout=10)
    until(lambda: not is_running(worker))
    if number == signal.SIGKILL:
        assert command.returncode == -number
    else:
        assert (command.returncode, said) == (128 + number, "gradaudit: interrupted\n")


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    with contextlib.suppress(OSError):  # one that nobody has waited for is no longer running
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return True


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_function_that_hangs_leaves_the_others_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "CALL_SECONDS", 0.5)
    hangs = f"{RIGHT_RATE}def softmax_gradient(y, t):\n    while True: pass\n"
    found = verdicts(tmp_path, hangs)
    assert found["q2.gradient"] == "untested it hangs: no answer within 0.5 seconds"
    assert found["q3.converges"] == "holds"


def test_many_calls_in_one_message_have_the_time_of_as_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "CALL_SECONDS", 0.5)
    path = tmp_path / "slow.py"
    path.write_text("import time\ndef converges(eta):\n    time.sleep(0.05)\n    return True\n")
    function = RemoteFunction(Process(str(path), {"converges": 1}), "converges")
    function.foresee([(float(k),) for k in range(TOGETHER + 1)])
    assert (len(function.known), function.gone) == (TOGETHER + 1, "")
    function.close()


def test_many_calls_in_one_message_have_no_more_time_than_all_calls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "ALL_CALLS_SECONDS", 0.5)
    path = tmp_path / "slow.py"
    path.write_text("import time\ndef converges(eta):\n    time.sleep(eta)\n    return True\n")
    function = RemoteFunction(Process(str(path), {"converges": 1}), "converges")
    started = time.monotonic()
    function.foresee([(0.0,), *((1.0 + k,) for k in range(TOGETHER))])
    assert function.gone.startswith("it is slow")
    assert time.monotonic() - started < 5


def test_calls_that_raise_have_no_more_time_than_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "ALL_CALLS_SECONDS", 0.3)
    path = tmp_path / "slow.py"
    path.write_text("import time\ndef converges(eta):\n    time.sleep(0.1)\n    raise ValueError\n")
    function = RemoteFunction(Process(str(path), {"converges": 1}), "converges")
    for rate in range(9):
        with contextlib.suppress(NoValue, CannotGoOn):
            function.call([float(rate)])
    assert function.gone.startswith("it is slow")


def test_what_one_function_does_to_the_module_another_does_not_see(tmp_path: Path) -> None:
    content = (
        "LIMIT = [0.2]\n"
        "def softmax_gradient(y, t):\n    LIMIT[0] = 5\n    return y\n"
        "def converges(eta):\n    return 0 < eta < LIMIT[0]\n"
    )
    assert verdicts(tmp_path, content)["q3.converges"] == "holds"


def test_a_file_is_imported_once_for_all_of_its_functions(tmp_path: Path) -> None:
    content = (
        "import time\nIMPORTED = time.time_ns()\n"
        "def softmax_gradient(y, t):\n    raise ValueError(IMPORTED)\n"
        "def converges(eta):\n    raise ValueError(IMPORTED)\n"
    )
    said = [one.rpartition(",")[0] for one in verdicts(tmp_path, content).values()]
    assert "ValueError: 1" in said[0]
    assert said[0] == said[1]


def test_an_answer_cannot_fill_the_memory(tmp_path: Path) -> None:
    greedy = "import numpy\ndef converges(eta):\n    return numpy.ones(2**29).sum() > 0\n"
    (said,) = verdicts(tmp_path, greedy).values()
    assert said.startswith("untested it raises ")
    assert "Unable to allocate" in said


def test_a_result_that_contains_itself_is_what_it_raises(tmp_path: Path) -> None:
    content = "def converges(eta):\n    a = []\n    a.append(a)\n    return a\n"
    (said,) = verdicts(tmp_path, content).values()
    assert said.startswith("untested it raises RecursionError")


@pytest.mark.parametrize(
    ("name", "value"),
    [("PYTHONOPTIMIZE", "2"), ("PYTHONHASHSEED", "1"), ("PYTHONWARNINGS", "error")],
)
def test_an_answer_does_not_see_how_python_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    content = (
        "import sys, os\n"
        "def converges(eta):\n"
        "    seen = (sys.flags.optimize, os.environ['PYTHONHASHSEED'], sys.warnoptions)\n"
        "    assert seen == (0, '0', []), seen\n"
        "    return 0 < eta < 0.2\n"
    )
    assert verdicts(tmp_path, content) == {"q3.converges": "holds"}


def test_modules_on_the_path_of_python_are_found_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "limits.py").write_text("LIMIT = 0.2\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "lib"))
    content = "from limits import LIMIT\ndef converges(eta):\n    return 0 < eta < LIMIT\n"
    assert verdicts(tmp_path, content) == {"q3.converges": "holds"}


def test_the_same_call_is_asked_for_once(tmp_path: Path) -> None:
    counting = "n = 0\ndef converges(eta):\n    global n\n    n += 1\n    return n\n"
    answer = Process(write(tmp_path, counting), {"converges": 1})
    function = RemoteFunction(answer, "converges")
    try:
        seen = [float(function.call([eta])[0]) for eta in (0.1, 0.2, 0.1)]
    finally:
        answer.close()
    assert seen == [1, 2, 1]


def test_a_closed_process_starts_again_when_it_is_asked(tmp_path: Path) -> None:
    answer = Process(write(tmp_path, RIGHT_RATE), {"converges": 1})
    answer.start()
    answer.close()
    try:
        assert RemoteFunction(answer, "converges").call([0.1])[0]
    finally:
        answer.close()


def test_a_file_that_is_gone_when_it_is_asked_again_cannot_go_on(tmp_path: Path) -> None:
    answer = Process(write(tmp_path, RIGHT_RATE), {"converges": 1})
    os.unlink(tmp_path / "answer.py")
    with pytest.raises(CannotGoOn, match="it cannot be imported"):
        RemoteFunction(answer, "converges").call([0.1])


def test_names_of_an_answer_are_bounded(tmp_path: Path) -> None:
    content = f"globals()['converge' * 10**4] = 1\n{'a' * 1000} = 1\n"
    answer = Process(write(tmp_path, content), {"converges": 1})
    functions, names = answer.start()
    answer.close()
    assert functions == {}
    assert max(map(len, names)) <= MAX_MESSAGE + 1


def test_a_name_that_is_no_text_is_not_looked_at(tmp_path: Path) -> None:
    evil = "class Key:\n    def __str__(self): raise ValueError\nglobals()[Key()] = 1\n"
    assert verdicts(tmp_path, evil + RIGHT_RATE) == {"q3.converges": "holds"}


def test_an_argument_owns_its_memory(tmp_path: Path) -> None:
    content = "def softmax_gradient(y, t):\n    y.resize(7, refcheck=False)\n    return y\n"
    answer = Process(write(tmp_path, content), {"softmax_gradient": 1})
    try:
        (found,) = RemoteFunction(answer, "softmax_gradient").call([np.ones(2), np.ones(2)])
    finally:
        answer.close()
    assert isinstance(found, np.ndarray)
    assert found.tolist() == [1, 1, 0, 0, 0, 0, 0]


def test_a_first_frame_that_is_nonsense_is_unreadable(tmp_path: Path) -> None:
    forge = FORGES.replace("def softmax_gradient", "forge(b'{}')\ndef softmax_gradient")
    with pytest.raises(Unreadable, match="its process sent nonsense"):
        Process(write(tmp_path, forge), {"converges": 1}).start()


def test_a_call_that_raises_is_alone_among_those_that_are_foreseen(tmp_path: Path) -> None:
    file = tmp_path / "answer.py"
    file.write_text("def converges(eta):\n    return 1 / (eta - 7) > 0\n")
    answer = Process(str(file), {"converges": 1})
    function = RemoteFunction(answer, "converges")
    try:
        function.foresee([(float(eta),) for eta in range(100)])
        assert len(function.known) > 50
        assert [function.call([float(eta)])[0] for eta in (6, 8, 99)] == [False, True, True]
        with pytest.raises(NoValue, match="ZeroDivisionError"):
            function.call([7.0])
    finally:
        function.close()


def test_an_exception_is_told_with_the_line_of_the_answer_that_it_came_through(
    tmp_path: Path,
) -> None:
    path = tmp_path / "answer.py"
    path.write_text("def softmax_gradient(y, t):\n    p = y\n    return q - t\n", encoding="utf-8")
    (verdict,) = audit(read(str(path))).answered
    assert verdict.reason == "it raises NameError: name 'q' is not defined, in line 3"
